/** How many samples of a condition are taken at a time, and whether they fit in memory. */

import type { Image } from "../image/image.ts";
import type { Network } from "../runtime/network.ts";
import type { Condition } from "../tasks/task.ts";

/** Floats of a pixel and channel while it is sampled: x, y_t, y0, known pixels, copies. */
const floatsInUse = 9;

/** Samples number `first` to `first + count - 1`. */
export interface Batch {
  readonly first: number;
  readonly count: number;
}

/** `samples` samples of a condition in batches of at most `pixelsAtOnce` pixels. */
export function batchesOf({ x }: Condition, samples: number, pixelsAtOnce: number): Batch[] {
  const most = Math.max(1, Math.floor(pixelsAtOnce / (x.width * x.height)));
  return Array.from({ length: Math.ceil(samples / most) }, (_, batch) => ({
    first: batch * most,
    count: Math.min(most, samples - batch * most),
  }));
}

/** @throws PaletteError when the platform knows that the samples do not fit in memory. */
export function assertSamplesFit(
  network: Network,
  photo: Image,
  conditions: readonly Condition[],
  samples: number,
  pixelsAtOnce: number,
): void {
  const sizes = conditions.map(({ x }) => x.data.length);
  const atOnce = conditions.map(
    (condition) => condition.x.data.length * batchesOf(condition, samples, pixelsAtOnce)[0]!.count,
  );
  const kept = samples * (photo.data.length + sizes.reduce((a, b) => a + b, 0));
  network.assertFits?.(
    4 * (floatsInUse * Math.max(...atOnce) + kept),
    `Restoring ${photo.width}x${photo.height} pixels ${samples === 1 ? "once" : `${samples} times`}`,
    "take a smaller picture or fewer samples",
  );
}
