/**
 * A sampler is a function from y_T to y_0 over the network and a list of noise levels, with the
 * settings it reads. What all samplers share (noise, known pixels, clipping) is in `sample.ts`.
 */
import type { Settings, SettingValues } from "./settings.ts";

/**
 * One network call: the estimate y0 [N, C, H, W] of the clean images under `y` at the level
 * `gamma`. The noise estimate that agrees with it is (y - sqrt(gamma) y0) / sqrt(1 - gamma).
 *
 * Known pixels are written into `y`, in place, and into y0; y0 is clipped where that was asked for.
 * @param y [N, C, H, W]
 * @param nextGamma the level that follows this call, 1 after the last
 */
export type Denoise = (y: Float32Array, gamma: number, nextGamma: number) => Promise<Float32Array>;

/** Fresh noise: y += scale z in place, z ~ N(0, I) from each sample's stream for this `step`. */
export type AddNoise = (y: Float32Array, scale: number, step: number) => void;

/** A sampler with its settings; `defineSampler` makes one, the registry names it in public. */
export interface Sampler<Name extends string = string, Own extends Settings = Settings> {
  readonly name: Name;
  /** One line: what it is and whose. */
  readonly description: string;
  /** Its own settings; those of the noise levels (`levelSettings`) are every sampler's. */
  readonly settings: Own;
  /** Network calls over so many noise levels; default: one each. */
  calls?(levels: number): number;
  /**
   * Walks from y_T to y_0.
   * @param y y_T [N, C, H, W] at the level `levels[0]`; the sampler may overwrite it
   * @param levels gammas, rising strictly, all below 1; the last step leads to gamma 1
   */
  run(
    denoise: Denoise,
    y: Float32Array,
    levels: Float64Array,
    settings: SettingValues<Own>,
    addNoise: AddNoise,
  ): Promise<Float32Array>;
}

/** Types a sampler by its name and settings. */
export function defineSampler<const Name extends string, Own extends Settings>(
  sampler: Sampler<Name, Own>,
): Sampler<Name, Own> {
  return sampler;
}

/** From which noise level to which; gammas in (0, 1), `nextGamma` > `gamma`, 1 at the last step. */
export interface Transition {
  readonly step: number;
  readonly gamma: number;
  readonly nextGamma: number;
}

/** The steps of a walk over these levels, the last one to gamma 1. */
export function transitions(levels: Float64Array): Transition[] {
  return Array.from(levels, (gamma, step) => ({ step, gamma, nextGamma: levels[step + 1] ?? 1 }));
}

/**
 * beta-tilde, the variance of q(y_{t-1} | y_0, y_t):
 *   (1 - gamma_{t-1}) (1 - alpha_t) / (1 - gamma_t).
 */
export function posteriorVariance(transition: Omit<Transition, "step">): number {
  return ((1 - transition.nextGamma) * oneMinusAlpha(transition)) / (1 - transition.gamma);
}

/**
 * 1 - alpha_t. Here alpha_t = gamma / nextGamma is the product of the schedule's alphas between the
 * two levels: the paper's alpha_t when they are neighbours.
 */
export function oneMinusAlpha({ gamma, nextGamma }: Omit<Transition, "step">): number {
  return (nextGamma - gamma) / nextGamma;
}

/** y = a y + b y0, in place. */
export function combine(y: Float32Array, a: number, y0: Float32Array, b: number): void {
  for (let i = 0; i < y.length; i++) y[i] = a * y[i]! + b * y0[i]!;
}
