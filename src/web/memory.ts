/**
 * What a tab needs to restore a photo. A page cannot ask how much memory is free, so it keeps to a
 * budget.
 */
import type { Size } from "../image/model-size.ts";
import type { ModelConfig } from "../models/config.ts";
import { parameterCount } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { mostCopies, type Task } from "../tasks/task.ts";
import { PaletteError } from "../util/errors.ts";
import { inGigabytes } from "../util/format.ts";

/** Bytes of memory of its own that a tab takes at most, unless told otherwise. */
export const tabBudget = 1e9;

/** A page with the library and a model of which nothing is compiled yet (measured in Chromium). */
const pageBytes = 90e6;
/** An engine: ONNX Runtime, and for each byte of weights (measured, windows included). */
const engineBytes = 65e6;
const engineForEachByte = 3.4;
/** All engines together by default: the rest of the budget is for pictures. */
const enginesShare = 0.36;
/** Of a picture: three channels in float32. */
const bytesPerPixel = 12;
/** Of a mask. */
const bytesPerMaskPixel = 4;

/** A photo is too large for the tab. */
export class MemoryError extends PaletteError {
  override readonly name: string = "MemoryError";
  /** Estimated bytes of the whole tab. */
  readonly need: number;
  readonly budget: number;
  /** The largest size of the photo, of the same shape, that fits; none where nothing does. */
  readonly largest?: Size;

  constructor(message: string, need: number, budget: number, largest?: Size) {
    super(message);
    this.need = need;
    this.budget = budget;
    if (largest !== undefined) this.largest = largest;
  }
}

/** Engines side by side that leave room for pictures: at least one. */
export function affordableEngines(config: ModelConfig, budget = tabBudget): number {
  return Math.max(1, Math.floor((enginesShare * budget) / bytesOfEngine(config)));
}

/** Counting traces the network; a page asks while a control is moved. */
const counted = new WeakMap<ModelConfig["network"], number>();

function bytesOfEngine({ network }: ModelConfig): number {
  const parameters = counted.get(network) ?? parameterCount(parameterSpecs(network));
  counted.set(network, parameters);
  return engineBytes + engineForEachByte * 4 * parameters;
}

/** What is restored, how, and on how many engines. */
export interface Restoration {
  readonly config: ModelConfig;
  readonly task: Task;
  /** The task's, and `samples`. */
  readonly options: object & { readonly samples?: number };
  readonly engines: number;
}

/** Bytes of the whole tab while it restores a photo of this size: an estimate. */
export function tabMemory({ config, task, options, engines }: Restoration, photo: Size): number {
  const { samples = 1 } = options;
  const result = area(task.resultSize?.(photo, options) ?? photo);
  const pictures = area(photo) + ((task.copies ?? mostCopies) + samples - 1) * result;
  const mask = task.keepsPixels ? bytesPerMaskPixel * result : 0;
  return pageBytes + engines * bytesOfEngine(config) + bytesPerPixel * pictures + mask;
}

/**
 * The largest size of a photo's shape, at most its own, that keeps to the budget; undefined where
 * nothing does.
 */
export function largestThatFits(
  restoration: Restoration,
  photo: Size,
  budget = tabBudget,
): Size | undefined {
  if (tabMemory(restoration, photo) <= budget) return photo;
  const scaled = (share: number): Size => ({
    width: Math.max(1, Math.floor(share * photo.width)),
    height: Math.max(1, Math.floor(share * photo.height)),
  });
  let [fits, tooLarge] = [0, 1];
  for (let i = 0; i < 20; i++) {
    const middle = (fits + tooLarge) / 2;
    if (tabMemory(restoration, scaled(middle)) <= budget) fits = middle;
    else tooLarge = middle;
  }
  return fits === 0 ? undefined : scaled(fits);
}

/** @throws MemoryError with a size that fits, when the photo does not. */
export function assertTabFits(restoration: Restoration, photo: Size, budget = tabBudget): void {
  const need = tabMemory(restoration, photo);
  if (need <= budget) return;
  const largest = largestThatFits(restoration, photo, budget);
  const advice = largest ? `make it ${largest.width}x${largest.height}` : "take a smaller model";
  throw new MemoryError(
    `The task ${restoration.task.name} with a photo of ${photo.width}x${photo.height} pixels needs about ${inGigabytes(need)}, more than the ${inGigabytes(budget)} of a tab: ${advice}.`,
    need,
    budget,
    largest,
  );
}

function area({ width, height }: Size): number {
  return width * height;
}
