/**
 * What the network predicts, and how the clean image and the noise follow from it. With
 * y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon each of epsilon, v and x0 determines the others, so
 * samplers see (y0, epsilon) only. Epsilon is the paper's; v is from Salimans & Ho (2022).
 */
import { PaletteError } from "../util/errors.ts";

export const predictions = ["epsilon", "v", "x0", "x0-skip"] as const;

/**
 * What the network's output f is.
 * - epsilon: the noise.
 * - v: sqrt(gamma) epsilon - sqrt(1 - gamma) y.
 * - x0: the clean image y.
 * - x0-skip: y = skip y_t + share f, with the factors of `skipFactors`. Where there is much noise,
 *   f is the clean image; the nearer y_t is to clean, the more of it passes the network by.
 */
export type Prediction = (typeof predictions)[number];

/**
 * The noisy image y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon (the paper's equation for
 * q(y_t | y_0)). All arrays have the same length; `out` may be `y` or `epsilon`. Returns `out`.
 * @param gamma in [0, 1]; 1 is clean
 */
export function addNoise(
  y: Float32Array,
  epsilon: Float32Array,
  gamma: number,
  out: Float32Array = new Float32Array(y.length),
): Float32Array {
  return mix(y, Math.sqrt(gamma), epsilon, Math.sqrt(1 - gamma), out);
}

/**
 * The network's target for clean `y` under noise `epsilon` at `gamma`: epsilon
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
    case "x0-skip": {
      // (y - skip y_t) / share with y_t written out: no difference of nearly equal numbers.
      const snr = gamma / (1 - gamma);
      return mix(y, 1, epsilon, -Math.sqrt(snr) / skipSnr, out);
    }
  }
}

/**
 * At this signal-to-noise ratio half of y_t passes the network by: about where the noise is as
 * small as the error of a small trained network (docs/experiments/004).
 */
export const skipSnr = 320;

/**
 * The factors of "x0-skip", y = skip y_t + share f:
 *   share = 320 / (SNR + 320), skip = (1 - share) / sqrt(gamma).
 * As Karras et al. (2022, section 5) with a small sigma_data, but for the scale of f, which is that
 * of a picture at the noisy levels. The network need not learn to give back what it is given: with
 * "x0" its error at nearly clean levels exceeds the noise.
 */
export function skipFactors(gamma: number): { readonly skip: number; readonly share: number } {
  const share = (skipSnr * (1 - gamma)) / (gamma + skipSnr * (1 - gamma));
  return { skip: gamma === 0 ? 0 : (1 - share) / Math.sqrt(gamma), share };
}

/**
 * The factors of the estimate y0 = noisy y_t + output f of the clean image:
 * - epsilon: (y_t - sqrt(1 - gamma) f) / sqrt(gamma), as in the paper.
 * - v: sqrt(gamma) y_t - sqrt(1 - gamma) f.
 * - x0: f.
 * - x0-skip: `skipFactors`.
 * @param gamma greater than 0 and at most 1
 */
export function cleanFactors(
  prediction: Prediction,
  gamma: number,
): { readonly noisy: number; readonly output: number } {
  const signal = Math.sqrt(gamma);
  const noise = Math.sqrt(1 - gamma);
  switch (prediction) {
    case "epsilon":
      return { noisy: 1 / signal, output: -noise / signal };
    case "v":
      return { noisy: signal, output: -noise };
    case "x0":
      return { noisy: 0, output: 1 };
    case "x0-skip": {
      const { skip, share } = skipFactors(gamma);
      return { noisy: skip, output: share };
    }
  }
}

/**
 * The estimate y0 of the clean image from the network's output f: see `cleanFactors`. Returns
 * `out`.
 * @param gamma greater than 0 and at most 1
 */
export function estimateClean(
  prediction: Prediction,
  output: Float32Array,
  noisy: Float32Array,
  gamma: number,
  out: Float32Array = new Float32Array(noisy.length),
): Float32Array {
  if (prediction === "x0") {
    checkLength(output, out);
    out.set(output);
    return out;
  }
  const factors = cleanFactors(prediction, gamma);
  return mix(noisy, factors.noisy, output, factors.output, out);
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
    case "x0-skip":
      mix(noisy, 1 / noise, y0, -signal / noise, epsilon);
      break;
  }
  return { y0, epsilon };
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
