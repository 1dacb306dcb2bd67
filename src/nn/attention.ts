/** Self-attention over the positions of a feature map. */
import {
  type FeatureMap,
  matmul,
  mul,
  reshape,
  slice,
  softmax,
  swapLast,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import { add, onTensor } from "./feature-map.ts";
import { convolution, groupNorm, type Scope } from "./layers.ts";

export interface AttentionLayer {
  readonly groups: number;
  readonly headChannels: number;
  /** Positions attend within their quarter of the map only (Table 5: 4 non-overlapping blocks). */
  readonly local: boolean;
}

/** x + attention(norm(x)), of the shape of x. The last layer starts as zero. */
export function selfAttention(scope: Scope, x: FeatureMap, layer: AttentionLayer): FeatureMap {
  const c = x.shape[1];
  const normed = groupNorm(scope.at("norm"), x, layer.groups);
  const qkv = convolution(scope.at("qkv"), normed, 3 * c, { kernel: 1 });
  const attended = onTensor(qkv, (tensor) =>
    layer.local
      ? joinQuarters(multiHead(splitQuarters(tensor), layer.headChannels))
      : multiHead(tensor, layer.headChannels),
  );
  return add(x, convolution(scope.at("out"), attended, c, { kernel: 1, zero: true }));
}

/** qkv [N,3C,H,W], the three parts of each head side by side, to [N,C,H,W]. */
function multiHead(qkv: Tensor, headChannels: number): Tensor {
  const [n, c3, h, w] = qkv.shape as [number, number, number, number];
  const heads = c3 / 3 / headChannels;
  const all = reshape(qkv, [n * heads, 3, headChannels, h * w]);
  const part = (i: number) => reshape(slice(all, 1, i, 1), [n * heads, headChannels, h * w]);
  const query = mul(part(0), 1 / Math.sqrt(headChannels));
  const weights = softmax(matmul(swapLast(query), part(1)));
  return reshape(matmul(part(2), swapLast(weights)), [n, c3 / 3, h, w]);
}

/** [N,C,H,W] to [4N,C,H/2,W/2]: the quarters of the map become images of their own. */
function splitQuarters(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const blocks = transpose(reshape(x, [n, c, 2, h / 2, 2, w / 2]), [0, 2, 4, 1, 3, 5]);
  return reshape(blocks, [4 * n, c, h / 2, w / 2]);
}

/** The inverse of `splitQuarters`. */
function joinQuarters(x: Tensor): Tensor {
  const [n4, c, h, w] = x.shape as [number, number, number, number];
  const blocks = transpose(reshape(x, [n4 / 4, 2, 2, c, h, w]), [0, 3, 1, 4, 2, 5]);
  return reshape(blocks, [n4 / 4, c, 2 * h, 2 * w]);
}
