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
const engine = { own: 40e6, byWeight: 5 };
/** Of the weights in the worker: as numbers, and as the graph's. */
const byWeight = 3;
const floatImage = 12;
/**
 * Bytes for each pixel of the answer, beside the photo: pictures, canvases and files, and what the
 * browser has not yet cleared away.
 */
const byPixel = { colorize: 16, inpaint: 22, uncrop: 41 } as const;
/** Numbers of a pixel and channel while it is sampled. */
const floatsInUse = 9;

/**
 * Bytes that the tab takes at most.
 * @param threads engines side by side
 */
export function bytesNeeded(
  { task, photo, options }: Ask,
  model: ModelConfig,
  threads: number,
): number {
  const weights = weightBytes(model);
  const engines = threads * (engine.own + engine.byWeight * weights);
  const answer = answerSize(task, photo, options, model.network.resolution);
  const pictures = floatImage * pixelsOf(photo) + answerBytes(task, options) * pixelsOf(answer);
  return pageBytes + byWeight * weights + engines + pictures;
}

/** Counting traces the network. */
const counted = new WeakMap<ModelConfig, number>();

function weightBytes(model: ModelConfig): number {
  const bytes = counted.get(model) ?? 4 * parameterCount(parameterSpecs(model.network));
  counted.set(model, bytes);
  return bytes;
}

/** For each pixel of the answer. */
function answerBytes(task: StudioTask, { faithful, samples = 1 }: StudioOptions): number {
  if (task === "colorize" || task === "inpaint" || task === "uncrop") return byPixel[task];
  const answers = faithful ? 1 : samples;
  if (task === "panorama") return 2 * answers * floatImage;
  // Every pixel goes through the network: one answer at a time, and those that are done.
  return (floatsInUse + 1 + answers) * floatImage;
}

/** Engines side by side that there is room for, at least one. */
export function threadsFor(ask: Ask, model: ModelConfig, cores: number): number {
  let threads = 1;
  while (threads < cores && bytesNeeded(ask, model, threads + 1) <= mostBytes) threads++;
  return threads;
}

/** Undefined where it fits, on one engine if need be. */
export function misfitOf(ask: Ask, model: ModelConfig): Misfit | undefined {
  const need = bytesNeeded(ask, model, 1);
  if (need <= mostBytes) return undefined;
  const fits = (photo: Size) => bytesNeeded(scaled(ask, photo), model, 1) <= mostBytes;
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
