/**
 * What the network predicts, and how the clean image and the noise follow from it. With
 * y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon each of epsilon, v and x0 determines the others, so
 * samplers see (y0, epsilon) only. Epsilon is the paper's; v is from Salimans & Ho (2022).
 */
import { PaletteError } from "../errors.ts";

export const predictions = ["epsilon", "v", "x0", "edm"] as const;

/**
 * epsilon: the noise; v = sqrt(gamma) epsilon - sqrt(1 - gamma) y; x0: the clean image y; edm: what
 * is left of y after its best linear estimate from y_t, at unit variance (Karras et al. 2022, section
 * 5, their sigma_data 0.5): y = skip y_t + scale f with the factors of `preconditioning`.
 */
export type Prediction = (typeof predictions)[number];

/** What `lossWeight` may be asked for. */
export const weightings = ["uniform", "min-snr"] as const;
export type Weighting = (typeof weightings)[number];

/**
 * The noisy image y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon (the paper's equation for
 * q(y_t | y_0)). All arrays have the same length; `out` may be `y` or `epsilon`. Returns `out`.
 * @param gamma in [0, 1]; 1 is clean
 */
export function noisy(
  y: Float32Array,
  epsilon: Float32Array,
  gamma: number,
  out: Float32Array = new Float32Array(y.length),
): Float32Array {
  return mix(y, Math.sqrt(gamma), epsilon, Math.sqrt(1 - gamma), out);
}

/**
 * What the network should answer for clean `y` under noise `epsilon` at `gamma`: epsilon
 * (the paper, Algorithm 1), v = sqrt(gamma) epsilon - sqrt(1 - gamma) y, or y. Returns `out`.
 */
export function target(
  prediction: Prediction,
  y: Float32Array,
  epsilon: Float32Array,
  gamma: number,
  out: Float32Array = new Float32Array(y.length),
): Float32Array {
  checkLength(y, out);
  switch (prediction) {
    case "epsilon":
      checkLength(epsilon, out);
      out.set(epsilon);
      return out;
    case "v":
      return mix(epsilon, Math.sqrt(gamma), y, -Math.sqrt(1 - gamma), out);
    case "x0":
      out.set(y);
      return out;
    case "edm": {
      // (y - skip y_t) / scale with y_t written out: no difference of nearly equal numbers.
      const { spread } = preconditioning(gamma);
      const clean = Math.sqrt(1 - gamma) / (sigmaData * spread);
      return mix(y, clean, epsilon, (-Math.sqrt(gamma) * sigmaData) / spread, out);
    }
  }
}

/** The standard deviation of photos in [-1, 1], as Karras et al. take it. */
const sigmaData = 0.5;

/**
 * The factors of "edm" at gamma: of y with variance sigma_data^2, `skip` y_t is the best linear estimate
 * and `scale` the standard deviation of what it misses. For sigma_data 1 it would be v's, sqrt(gamma)
 * and sqrt(1 - gamma).
 */
export function preconditioning(gamma: number): {
  readonly skip: number;
  readonly scale: number;
  /** The standard deviation of y_t. */
  readonly spread: number;
} {
  const spread = Math.sqrt(gamma * sigmaData ** 2 + 1 - gamma);
  return {
    skip: (Math.sqrt(gamma) * sigmaData ** 2) / spread ** 2,
    scale: (sigmaData * Math.sqrt(1 - gamma)) / spread,
    spread,
  };
}

/**
 * The estimate of the clean image from the network's output. For epsilon the paper's
 * y0 = (y_t - sqrt(1 - gamma) f) / sqrt(gamma); for v: sqrt(gamma) y_t - sqrt(1 - gamma) f; for x0: f.
 * Returns `out`.
 * @param gamma greater than 0 and at most 1
 */
export function estimateClean(
  prediction: Prediction,
  output: Float32Array,
  noisy: Float32Array,
  gamma: number,
  out: Float32Array = new Float32Array(noisy.length),
): Float32Array {
  const signal = Math.sqrt(gamma);
  const noise = Math.sqrt(1 - gamma);
  switch (prediction) {
    case "epsilon":
      return mix(noisy, 1 / signal, output, -noise / signal, out);
    case "v":
      return mix(noisy, signal, output, -noise, out);
    case "x0":
      checkLength(output, out);
      out.set(output);
      return out;
    case "edm": {
      const { skip, scale } = preconditioning(gamma);
      return mix(noisy, skip, output, scale, out);
    }
  }
}

/**
 * Both the clean image and the noise that the network's output means, as new arrays. The noise is
 * f for epsilon, sqrt(gamma) f + sqrt(1 - gamma) y_t for v and
 * (y_t - sqrt(gamma) f) / sqrt(1 - gamma) for x0.
 * @param gamma strictly between 0 and 1
 */
export function estimate(
  prediction: Prediction,
  output: Float32Array,
  noisy: Float32Array,
  gamma: number,
): { y0: Float32Array; epsilon: Float32Array } {
  const signal = Math.sqrt(gamma);
  const noise = Math.sqrt(1 - gamma);
  const y0 = estimateClean(prediction, output, noisy, gamma);
  const epsilon = new Float32Array(noisy.length);
  switch (prediction) {
    case "epsilon":
      epsilon.set(output);
      break;
    case "v":
      mix(output, signal, noisy, noise, epsilon);
      break;
    case "x0":
    case "edm":
      mix(noisy, 1 / noise, y0, -signal / noise, epsilon);
      break;
  }
  return { y0, epsilon };
}

/**
 * The factor of one sample's squared error at its noise level. "uniform" is the paper's: 1.
 *
 * "min-snr" (after Hang et al. 2023, their constant 5 made 8) keeps nearly clean levels from
 * dominating. With SNR = gamma / (1 - gamma):
 * x0: min(8, SNR + 1), where SNR + 1 = 1 / (1 - gamma);
 * v: the same objective, as |v error|^2 = |y0 error|^2 / (1 - gamma): min(8 (1 - gamma), 1);
 * epsilon: min(8 / SNR, 1). Here the same objective would need weights up to 1 / gamma at the noisy
 * end, which no training survives, so it is the published bound instead.
 *
 * Returns a positive number, for x0 at most 8 and for the others at most 1.
 */
export function lossWeight(prediction: Prediction, gamma: number, weighting: Weighting): number {
  if (weighting === "uniform") return 1;
  const bound = 8;
  switch (prediction) {
    case "x0":
      return Math.min(bound, 1 / (1 - gamma));
    case "v":
      return Math.min(bound * (1 - gamma), 1);
    case "epsilon":
      return Math.min((bound * (1 - gamma)) / gamma, 1);
    case "edm":
      // |y0 error|^2 = scale^2 |f error|^2; relative to `lossWeight("x0")`'s at pure noise.
      return Math.min(bound, 1 / (1 - gamma)) * preconditioning(gamma).scale ** 2;
  }
}

/** out = a * first + b * second */
function mix(
  first: Float32Array,
  a: number,
  second: Float32Array,
  b: number,
  out: Float32Array,
): Float32Array {
  checkLength(first, out);
  checkLength(second, out);
  for (let i = 0; i < out.length; i++) out[i] = a * first[i]! + b * second[i]!;
  return out;
}

function checkLength(given: Float32Array, expected: Float32Array): void {
  if (given.length !== expected.length) {
    throw new PaletteError(
      `Arrays of ${given.length} and ${expected.length} values cannot be combined: give equal shapes.`,
    );
  }
}
