/**
 * What a request takes of the memory of a tab: an estimate, and the largest photo that fits. The
 * numbers were measured in Chromium, as private memory of the tab's process.
 */
import type { Size } from "../../../image/model-size.ts";
import type { ModelConfig } from "../../../models/config.ts";
import { parameterCount } from "../../../nn/parameters.ts";
import { parameterSpecs } from "../../../nn/registry.ts";
import { answerSize } from "../../work/tasks.ts";
import type { StudioOptions, StudioTask } from "../restorer.ts";

/** What a request asks for, and of which photo. */
export interface Ask {
  readonly task: StudioTask;
  readonly photo: Size;
  readonly options: StudioOptions;
}

export interface Misfit {
  /** Bytes. */
  readonly need: number;
  readonly most: number;
  /** The photo's size that fits; undefined where none of at least the model's size does. */
  readonly smaller?: Size;
}

/** Bytes that a tab should take. */
export const mostBytes = 1e9;
/** The page with a photo in it. */
const pageBytes = 120e6;
/** An engine's program and maps; and for each byte of its weights. */
const engine = { own: 60e6, byWeight: 5 };
/** Of the weights in the worker: as numbers, and as the graph's. */
const byWeight = 3;
const floatImage = 12;
/** Between decoded photo and canvas, and between answer and file. */
const coded = 8;
/** Numbers of a pixel and channel while it is sampled. */
const floatsInUse = 9;

/**
 * Bytes that the tab takes at most.
 * @param threads engines side by side
 */
export function bytesNeeded({ task, photo, options }: Ask, model: ModelConfig, threads: number) {
  const { resolution } = model.network;
  const weights = 4 * parameterCount(parameterSpecs(model.network));
  const fixed = pageBytes + byWeight * weights + threads * (engine.own + engine.byWeight * weights);
  const p = pixelsOf(photo);
  const a = pixelsOf(answerSize(task, photo, options, resolution));
  return fixed + floatImage * p + Math.max(coded * p, workBytes(task, p, a, options));
}

/** Beside the photo itself, of `p` pixels, for answers of `a`. */
function workBytes(task: StudioTask, p: number, a: number, options: StudioOptions): number {
  const mask = 4;
  const samples = options.faithful ? 1 : (options.samples ?? 1);
  switch (task) {
    case "colorize":
      return (floatImage + coded) * p;
    case "inpaint":
      return (2 * floatImage + mask + coded) * p;
    case "uncrop":
      return (3 * floatImage + mask + coded) * a;
    case "panorama":
      return samples * 2 * floatImage * a;
    default:
      // Every pixel goes through the network: one answer at a time, and those that are done.
      return (floatsInUse + 1 + samples) * floatImage * a;
  }
}

/** Undefined where it fits. */
export function misfitOf(ask: Ask, model: ModelConfig, threads: number): Misfit | undefined {
  const need = bytesNeeded(ask, model, threads);
  if (need <= mostBytes) return undefined;
  const fits = (photo: Size) => bytesNeeded(scaled(ask, photo), model, threads) <= mostBytes;
  const most = Math.min(ask.photo.width, ask.photo.height);
  let [low, high] = [model.network.resolution, most];
  if (low >= high || !fits(sized(ask.photo, low))) return { need, most: mostBytes };
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(sized(ask.photo, middle))) low = middle;
    else high = middle;
  }
  return { need, most: mostBytes, smaller: sized(ask.photo, low) };
}

/** With this short side. */
function sized({ width, height }: Size, short: number): Size {
  const scale = short / Math.min(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** The same request for the photo at another size: a frame shrinks with it. */
function scaled({ task, photo, options }: Ask, smaller: Size): Ask {
  const { margins } = options;
  if (margins === undefined) return { task, photo: smaller, options };
  const scale = smaller.width / photo.width;
  const [left, right, top, bottom] = [margins.left, margins.right, margins.top, margins.bottom].map(
    (side) => Math.round(side * scale),
  ) as [number, number, number, number];
  return { task, photo: smaller, options: { ...options, margins: { left, right, top, bottom } } };
}

function pixelsOf({ width, height }: Size): number {
  return width * height;
}
