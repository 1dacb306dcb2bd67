/** ADM's residual block, which can also change the resolution. */
import type { FeatureMap, Tensor } from "../graph/index.ts";
import { add, averagePool, concatChannels, silu, upsample } from "./feature-map.ts";
import { convolution, groupNormSilu, linear, type Scope } from "./layers.ts";
import { plainly, type Run } from "./rematerialized.ts";

export interface ResidualLayer {
  readonly channels: number;
  readonly groups: number;
  readonly resample?: "down" | "up";
  readonly dilation?: number;
}

/**
 * skip(x) + conv2(silu(norm2(conv1(silu(norm1(x)))))), where norm2 is modulated by the embedding.
 * The second convolution starts as zero, so that the block starts as its skip path.
 * @param maps x, as maps whose channels are concatenated
 * @param embedding the embedded noise level, [N,E]
 * @param run how the parts are carried out; see `rematerialized`
 */
export function residualBlock(
  scope: Scope,
  maps: readonly FeatureMap[],
  embedding: Tensor,
  { channels, groups, resample, dilation = 1 }: ResidualLayer,
  run: Run = plainly,
): FeatureMap {
  const change = (map: FeatureMap) => (resample === undefined ? map : resampled(map, resample));
  let h = run(scope, { maps }, (place, x) => {
    const normed = groupNormSilu(place.at("norm1"), concatChannels(x.maps), groups);
    // Repeating pixels is left to the convolution, which then computes on the small map.
    const upsampled = resample === "up";
    const moved = upsampled ? normed : change(normed);
    return convolution(place.at("conv1"), moved, channels, { dilation, upsampled });
  });
  h = run(scope, { maps: [h], embedding }, (place, x) => {
    const modulation = linear(place.at("embed"), silu(x.embedding!), 2 * channels);
    const normed = groupNormSilu(place.at("norm2"), x.maps[0]!, groups, modulation);
    return convolution(place.at("conv2"), normed, channels, { dilation, zero: true });
  });
  const incoming = maps.reduce((sum, { shape }) => sum + shape[1], 0);
  const skip = run(scope, { maps }, (place, x) => {
    const moved = change(concatChannels(x.maps));
    return incoming === channels
      ? moved
      : convolution(place.at("skip"), moved, channels, { kernel: 1 });
  });
  return add(skip, h);
}

/** A feature map at half or twice the resolution: means of 2x2 pixels, or each pixel repeated. */
function resampled(x: FeatureMap, direction: "down" | "up"): FeatureMap {
  return direction === "down" ? averagePool(x) : upsample(x);
}
