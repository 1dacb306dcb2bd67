/** Part of a large picture goes through a small network: inpainting and uncropping share this. */
import { atLeast, type Box, createMask, crop, type Image, type Mask } from "../image/image.ts";
import { fitMask, maskAtLeast } from "../image/mask.ts";
import { modelSize, type Size } from "../image/model-size.ts";
import { cropAndResize, resize } from "../image/resize.ts";
import type { Random } from "../util/random.ts";
import { matchTone } from "./border-tone.ts";
import { noiseInMask } from "./mask-noise.ts";
import type { MaskWindow } from "./mask-windows.ts";
import type { Condition, EnlargedFill } from "./task.ts";

/** A hole is shown to the network at most this thick, in parts of its side. */
const thickest = 0.4;

/** A part of a picture on its way through the network. */
export interface PreparedRegion {
  readonly condition: Pick<Condition, "x"> & { readonly mask: Mask };
  /**
   * Writes the answer's pixels into `out` where it is the part's. Those of another size are brought
   * to the part's, in the tone of the known ones beside them.
   */
  paste(out: Image, answer: Image): Promise<void>;
  /** Where the answer is enlarged. */
  readonly enlarged?: EnlargedFill;
}

/**
 * The pixels inside `box`. They stay as large as they are where the hole is thin (scratches), and
 * shrink to the network's own size where it is not. A pixel is known only if all that it covers is.
 * Resizing mixes neighbours, so `photo` must hold nothing of what is to be replaced
 * (`extrapolateKnown`).
 * @param box `fills` says which masked pixels in it are filled from it; all of them unless given
 */
export async function prepareRegion(
  photo: Image,
  mask: Mask,
  box: Box & Partial<Pick<MaskWindow, "fills">>,
  resolution: number,
  random: Random,
): Promise<PreparedRegion> {
  const fits = (thickest * resolution) / thickness(mask, box);
  const { width, height } = modelSize(box, Math.min(1, fits), resolution);
  const small = atLeast(cropAndResize(photo, box, width, height), resolution);
  const fitted = fitMask(mask, box, width, height);
  const hole = maskAtLeast(fitted, resolution);
  const enlarged = (answer: Image) =>
    resize(matchTone(answer, fitted, resolution), box.width, box.height);
  const scale = box.width / width;
  return {
    ...(scale > 1 && { enlarged: { box, fill: ownMask(mask, box), scale } }),
    condition: { x: noiseInMask(small, hole, random), mask: hole },
    async paste(out, answer) {
      const used = crop(answer, { left: 0, top: 0, width, height });
      const large = sameSize(used, box) ? used : enlarged(used);
      const pixels = out.width * out.height;
      for (let y = 0, i = 0; y < box.height; y++) {
        for (let x = 0; x < box.width; x++, i++) {
          const at = (box.top + y) * out.width + box.left + x;
          if (mask.data[at] !== 1 || box.fills?.(at) === false) continue;
          for (let c = 0; c < 3; c++) {
            out.data[c * pixels + at] = large.data[c * box.width * box.height + i]!;
          }
        }
      }
    },
  };
}

/** The pixels that are filled from the box, at its size; the mask itself where the box is all. */
function ownMask(mask: Mask, box: Box & Partial<Pick<MaskWindow, "fills">>): Mask {
  if (sameSize(mask, box) && box.fills === undefined) return mask;
  const own = createMask(box.width, box.height);
  for (let y = 0, i = 0; y < box.height; y++) {
    const start = (box.top + y) * mask.width + box.left;
    for (let at = start; at < start + box.width; at++, i++) {
      if (mask.data[at] === 1 && box.fills?.(at) !== false) own.data[i] = 1;
    }
  }
  return own;
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** The side of the largest square that the hole inside `box` holds, in pixels. */
export function thickness(mask: Mask, box: Box): number {
  // Row by row: the largest square that ends at each pixel.
  let above = new Int32Array(box.width + 1);
  let largest = 0;
  for (let y = 0; y < box.height; y++) {
    const row = new Int32Array(box.width + 1);
    const start = (box.top + y) * mask.width + box.left;
    for (let x = 0; x < box.width; x++) {
      if (mask.data[start + x] !== 1) continue;
      row[x + 1] = 1 + Math.min(row[x]!, above[x]!, above[x + 1]!);
      largest = Math.max(largest, row[x + 1]!);
    }
    above = row;
  }
  return largest;
}
