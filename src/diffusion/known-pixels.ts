/**
 * Pixels that are known (inpainting, uncropping) stand clean in y_t, in training as in sampling:
 * the network sees the same picture in both and spends nothing on the part that is not asked for.
 */
import { PaletteError } from "../util/errors.ts";

/** Clean pixels of a batch. */
export interface KnownPixels {
  /** [N, C, H, W] in [-1, 1]; read where the mask is 0 */
  readonly data: Float32Array;
  /** [N, 1, H, W], 1 = to be filled, 0 = known */
  readonly mask: Float32Array;
}

/**
 * Overwrites the known pixels of `values` ([N, C, H, W]) with the clean ones; the rest stays.
 * @param channels C
 * @param pixels H * W
 * @throws PaletteError when the sizes do not fit.
 */
export function pasteKnown(
  values: Float32Array,
  known: KnownPixels,
  channels: number,
  pixels: number,
): void {
  const { data, mask } = known;
  if (data.length !== values.length || mask.length * channels !== values.length) {
    throw new PaletteError(
      `Known pixels (${data.length} values, mask ${mask.length}) do not fit a batch of ${values.length} values.`,
    );
  }
  for (let m = 0; m < mask.length; m++) {
    if (mask[m]! >= 0.5) continue;
    const first = Math.floor(m / pixels) * channels * pixels + (m % pixels);
    for (let c = 0; c < channels; c++) values[first + c * pixels] = data[first + c * pixels]!;
  }
}
