/** How many samples of a condition are taken at a time, and whether they fit in memory. */

import type { Image } from "../image/image.ts";
import { defaultWindow } from "../models/settings/sampling.ts";
import { windowMemory } from "../models/summary.ts";
import type { Network } from "../runtime/network.ts";
import type { Condition } from "../tasks/task.ts";
import type { FillSharpener } from "./sharpen-fill.ts";

/** Floats of a pixel and channel while it is sampled: x, y_t, y0, known pixels, copies. */
export const floatsInUse = 9;

/** Pixels of samples that are taken side by side at most, unless told otherwise. */
export const pixelsAtOnceByDefault = 8e6;

/** Sample number `sample` of condition number `condition`. */
export interface SampleNumber {
  readonly condition: number;
  readonly sample: number;
}

/**
 * `samples` samples of each condition in batches of one size and of at most `pixelsAtOnce` pixels.
 * A batch may hold samples of many small conditions, so that all cores have something to do.
 */
export function batchesOf(
  conditions: readonly Condition[],
  samples: number,
  pixelsAtOnce: number,
): SampleNumber[][] {
  const batches: SampleNumber[][] = [];
  const open = new Map<string, SampleNumber[]>();
  for (const [condition, { x }] of conditions.entries()) {
    const size = `${x.width}x${x.height}`;
    const most = Math.max(1, Math.floor(pixelsAtOnce / (x.width * x.height)));
    for (let sample = 0; sample < samples; sample++) {
      let batch = open.get(size);
      if (batch === undefined || batch.length === most) {
        batch = [];
        open.set(size, batch);
        batches.push(batch);
      }
      batch.push({ condition, sample });
    }
  }
  return batches;
}

/** @throws PaletteError when the platform knows that the samples do not fit in memory. */
export function assertSamplesFit(
  network: Network,
  photo: Image,
  conditions: readonly Condition[],
  samples: number,
  pixelsAtOnce: number,
  sharpener: Pick<FillSharpener, "pixelsAtOnce">,
): void {
  const sizes = conditions.map(({ x }) => x.data.length);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const atOnce = batchesOf(conditions, samples, pixelsAtOnce).map((batch) =>
    sum(batch.map(({ condition }) => sizes[condition]!)),
  );
  const { network: shape, sampling } = network.config;
  const { side } = sampling?.window ?? defaultWindow(shape);
  const sharpened = 3 * sharpener.pixelsAtOnce;
  const longest = Math.max(...conditions.map(({ x }) => Math.max(x.width, x.height)));
  const window = sharpened > 0 ? side : Math.min(side, longest);
  const kept = samples * (photo.data.length + sum(sizes));
  network.assertFits?.(
    4 * (floatsInUse * Math.max(sharpened, ...atOnce) + kept) +
      windowMemory(shape, window, network.weightPlace),
    `Restoring ${photo.width}x${photo.height} pixels ${samples === 1 ? "once" : `${samples} times`}`,
    "take a smaller picture or fewer samples",
  );
}
