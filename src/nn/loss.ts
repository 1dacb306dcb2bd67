/** How far the network's output is from its target. */
import { abs, add, mul, reduceSum, sqrt, square, type Tensor } from "../graph/index.ts";

/**
 * - l1, l2: |f - target|^p, where p is 2 everywhere in the paper and 1 in its ablation (Table 6).
 * - rms: the root of each image's mean square. As with l1, an image of large errors does not
 *   outweigh the others. As with l2, what is learned is near the mean: over an answer's many values
 *   the length of the error hardly changes.
 */
export const losses = ["l1", "l2", "rms"] as const;
export type Loss = (typeof losses)[number];

/** Of "rms": keeps the gradient of an image without errors, or without counted pixels, finite. */
const smallestSquare = 1e-12;

/**
 * The loss of each image, [N,1,1,1], from `error` = f - target [N,C,H,W] and `weight` [N,1,H,W]:
 * the sum of weight * |error|^p; for "rms" the root of that sum times that of the weights. With
 * weights as of `pixelWeights` that is the factor times the mean of |error|^p, or times its root.
 */
export function imageLoss(error: Tensor, weight: Tensor, loss: Loss): Tensor {
  const powered = loss === "l1" ? abs(error) : square(error);
  const sum = reduceSum(mul(powered, weight), [1, 2, 3]);
  if (loss !== "rms") return sum;
  const weights = mul(reduceSum(weight, [1, 2, 3]), error.shape[1]!);
  return sqrt(add(mul(sum, weights), smallestSquare));
}
