/**
 * How answers are drawn in an evaluation: "20", "ddpm:1000", "dpm++:20:logsnr", "ddpm:1000:below",
 * "ddim:20:logsnr:eta=1".
 */
import { type Sampler, samplers } from "../diffusion/samplers/sample.ts";
import { UsageError } from "../errors.ts";
import { checkOptions } from "../restore-options.ts";

export interface Sampling {
  readonly sampler: Sampler;
  readonly steps: number;
  /** Noise levels even in log-SNR rather than in time. */
  readonly spacing?: "logsnr";
  /** Also at noise levels below those of training, as the paper's 1000 steps. */
  readonly belowTrained?: true;
  /** Fresh noise in ddim, above 0 and at most 1; none where it is left out. */
  readonly eta?: number;
}

/**
 * @param text steps, or sampler and steps as in "ddim:50"; then, in any order, ":logsnr" or ":below" and
 * ":eta=" with a number
 * @throws UsageError when it is none of these.
 */
export function parseSampling(text: string, sampler: Sampler = "dpm++"): Sampling {
  const [, name = sampler, digits, rest = ""] =
    /^(?:([^:]+):)?(\d+)((?::[^:]+)*)$/.exec(text.trim()) ?? [];
  const known = samplers.find((one) => one === name);
  const steps = Number(digits);
  const words = rest.split(":").slice(1);
  const etas = words.flatMap((word) => /^eta=(.+)$/.exec(word)?.[1] ?? []);
  const levels = words.filter((word) => word === "logsnr" || word === "below");
  const legible = etas.length + levels.length === words.length;
  if (
    known === undefined ||
    !(Number.isSafeInteger(steps) && steps >= 1) ||
    !(legible && etas.length <= 1 && levels.length <= 1)
  ) {
    throw new UsageError(
      `Cannot read the steps "${text}"; write a number such as 20, or sampler:number such as ddpm:1000 (samplers: ${samplers.join(", ")}), and behind it :logsnr or :below, and with ddim :eta=1, if you like.`,
    );
  }
  const eta = etas[0] === undefined ? undefined : Number(etas[0]);
  checkOptions({ sampler: known, steps, eta });
  return {
    sampler: known,
    steps,
    ...(levels[0] === "logsnr" && { spacing: levels[0] }),
    ...(levels[0] === "below" && { belowTrained: true }),
    ...(eta !== undefined && eta > 0 && { eta }),
  };
}

/** "dpm++:20"; the way it is written in options and reports. */
export function samplingName(sampling: Sampling): string {
  return [sampling.sampler, sampling.steps, ...wordsOf(sampling)].join(":");
}

/** The sampler with its noise levels, without the number of steps: "dpm++", "ddpm below". */
export function samplerName(sampling: Sampling): string {
  return [sampling.sampler, ...wordsOf(sampling)].join(" ");
}

function wordsOf({ spacing, belowTrained, eta }: Sampling): string[] {
  return [
    ...(spacing ? [spacing] : []),
    ...(belowTrained ? ["below"] : []),
    ...(eta === undefined ? [] : [`eta=${eta}`]),
  ];
}
