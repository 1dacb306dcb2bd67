/**
 * The CPU's storage of a feature map: [P,C,N,H/P,W]. The rows are dealt out over P phases, row y to
 * phase y mod P, and the images lie inside the channels. Winograd's convolution (winograd.ts) works
 * on every fourth row at once, and with the images inside, its products are few and large.
 */
import { reshape, transpose } from "../ops/index.ts";
import type { Tensor } from "../tensor.ts";

/** Phases of a map whose height is a multiple of four; other maps have one phase. */
export const PHASES = 4;

/** [N,C,H,W] to [P,C,N,H/P,W]. */
export function toPhases(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const p = h % PHASES === 0 ? PHASES : 1;
  return transpose(reshape(x, [n, c, h / p, p, w]), [3, 1, 0, 2, 4]);
}

/** The inverse: [P,C,N,H/P,W] to [N,C,H,W]. */
export function fromPhases(x: Tensor): Tensor {
  const [p, c, n, rows, w] = x.shape as [number, number, number, number, number];
  return reshape(transpose(x, [2, 1, 3, 0, 4]), [n, c, rows * p, w]);
}
