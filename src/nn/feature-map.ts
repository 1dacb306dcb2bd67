/**
 * How the network keeps its feature maps: [P,C,N,H/P,W], the rows dealt out over P phases, row y at
 * phase y mod P, and the images inside the channels. Every fourth row beside each other is what the
 * fast convolution works on (winograd.ts), and with the images inside all its products are few and
 * large. Layers that treat all positions alike do not care.
 */
import { concat, reshape, type Tensor, transpose } from "../graph/index.ts";

/** Phases of a map whose rows can be dealt out. */
export const PHASES = 4;

/** [N,C,H,W] dealt out over four phases; one phase where the rows do not divide by four. */
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

/** The channels of a feature map. */
export function channelsOf(x: Tensor): number {
  return x.shape[1]!;
}

/** The channels of several feature maps, side by side. */
export function joinChannels(maps: readonly Tensor[]): Tensor {
  return concat(maps, 1);
}

/** Carries out an op on [N,C,H,W] on a feature map. */
export function onPlain(x: Tensor, op: (plain: Tensor) => Tensor): Tensor {
  return toPhases(op(fromPhases(x)));
}
