/**
 * What a task is. Palette's claim is that no task has its own architecture, loss or settings
 * (paper, section 4): a task only says how the source x is made from a picture, and which pixels
 * the network is to fill.
 */

import type { ImageCodec } from "../image/codec.ts";
import type { Image, Mask } from "../image/image.ts";
import { PaletteError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";

/** What the network is given: the source x and, when only a part is to be made, where it is. */
export interface Condition {
  /** [3, H, W]; known and degraded pixels in [-1, 1], the pixels of the hole N(0, 1). */
  readonly x: Image;
  /** 1 = to be filled. Without a mask the whole picture is the network's. */
  readonly mask?: Mask;
  /** The hole holds a picture to go by rather than noise, so that it is not drawn anew for each answer. */
  readonly holeIsShown?: true;
  /** The choices made, in words: "quality 7", "free-form 23%", "left". */
  readonly detail: string;
}

/** Which part of the new picture is grown; "all" grows a border around the photo. */
export type Side = "left" | "right" | "top" | "bottom" | "all";

/** A user's picture on its way through the network and back to its own size. */
export interface Preparation {
  /** What the network is asked, of at least `resolution` pixels a side; often larger than that. */
  readonly conditions: readonly Condition[];
  /** The finished picture from one (composed) answer to each condition. */
  finish(answers: readonly Image[]): Promise<Image>;
}

/** Which JPEG qualities training draws from. */
export const jpegQualities = ["paper", "wide"] as const;
export type JpegQualities = (typeof jpegQualities)[number];

/** Fixes a choice that is random otherwise. A task ignores what is not its own. */
export interface TaskOptions {
  /** JPEG quality, 1 to 100. */
  quality?: number;
  /** Where a quality is drawn: "paper" (the default) or "wide", see `randomQuality`. */
  jpegQuality?: JpegQualities;
  /** The hole, at the size of the condition. */
  mask?: Mask;
  side?: Side;
  /** Restoring: by which share of its size the photo grows; default 0.5. */
  ratio?: number;
  /** How many times the picture is shrunk and enlarged again, from 1. */
  factor?: number;
  /** Whether the whole picture is blurred, never a part of it alone. */
  whole?: boolean;
  /** Restoring: how many times the photo is enlarged, 1 to 8; default 2. */
  scale?: number;
}

/** What a task takes from outside. */
export interface TaskContext {
  readonly random: Random;
  readonly codec: ImageCodec;
}

/** A task by its name; the registry holds them all. */
export interface Task<Name extends string = string> {
  readonly name: Name;
  readonly title: string;
  readonly description: string;
  /**
   * It is about colours: it gives them to a photo that has none, and nothing can be learned for it from
   * such a photo. Any other task leaves a gray photo gray.
   */
  readonly colours?: boolean;
  /**
   * Training and evaluation: degrades the clean photo `y` at the model's resolution. Every random
   * choice (kind and area of the hole, quality, noise in the hole) comes from `context.random`.
   * @throws PaletteError for an option out of range.
   */
  degrade(y: Image, context: TaskContext, options?: TaskOptions): Promise<Condition>;
  /**
   * Restoring: the user's own picture, of any size. What comes back has its size (larger by what was
   * asked for when uncropping), and what was not to be changed in it is unchanged.
   * @throws PaletteError for an option that is missing or out of range.
   */
  prepare(
    photo: Image,
    resolution: number,
    random: Random,
    options?: TaskOptions,
  ): Promise<Preparation>;
}

/**
 * The finished picture: with a mask, the network's `yHat` in the hole and the known pixels of x
 * exactly as they were elsewhere; without one `yHat` itself. What comes from the network is clipped
 * to [-1, 1].
 */
export function compose(condition: Condition, yHat: Image): Image {
  const { x, mask } = condition;
  if (yHat.width !== x.width || yHat.height !== x.height) {
    throw new PaletteError(
      `The network's picture is ${yHat.width}x${yHat.height}, but the source is ${x.width}x${x.height}.`,
    );
  }
  const pixels = x.width * x.height;
  const data = new Float32Array(3 * pixels);
  for (let i = 0; i < data.length; i++) {
    const known = mask !== undefined && mask.data[i % pixels] === 0;
    data[i] = known ? x.data[i]! : Math.min(1, Math.max(-1, yHat.data[i]!));
  }
  return { width: x.width, height: x.height, data };
}
