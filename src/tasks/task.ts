/**
 * What a task is. Palette's claim is that no task has its own architecture, loss or settings
 * (paper, section 4). A task says how the condition x is made from an image and which pixels the
 * network fills. It also carries its options on the command line, its variants in the evaluation
 * and its demonstration. A new task is thus one file and one line in registry.ts.
 */
import type { ImageCodec } from "../image/codec.ts";
import type { Box, Image, Mask } from "../image/image.ts";
import type { JpegQuality } from "../image/jpeg-quality.ts";
import type { Size } from "../image/model-size.ts";
import type { SamplingSettings } from "../models/settings/sampling.ts";
import { PaletteError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";

/** What the network is conditioned on: x and, when only a part is to be made, where it is. */
export interface Condition {
  /** [3, H, W]; known and degraded pixels in [-1, 1], the pixels of the hole N(0, 1). */
  readonly x: Image;
  /** 1 = to be filled. Without a mask the network makes the whole image. */
  readonly mask?: Mask;
  /**
   * The hole holds an image to go by rather than noise, so its noise is not drawn for each sample.
   */
  readonly holeIsShown?: true;
  /** The choices made, in words: "quality 7", "free-form 23%", "left". */
  readonly detail: string;
  /** Options of the task that were drawn, and that the model's settings go by. */
  readonly drawn?: object;
}

/** A part of the finished picture whose filling was made smaller than it is. */
export interface EnlargedFill {
  /** The part. */
  readonly box: Box;
  /** 1 = filled by enlarging; at the part's size. */
  readonly fill: Mask;
  /** How many times the filling was enlarged, above 1. */
  readonly scale: number;
}

/** A user's photo on its way through the network and back to its own size. */
export interface Preparation {
  /** Conditions of at least `resolution` pixels a side; often larger than that. */
  readonly conditions: readonly Condition[];
  /**
   * The finished image from one (composed) sample of each condition. Its array may be that of a
   * sample, which it then takes over; it is never the photo's.
   */
  finish(samples: readonly Image[]): Promise<Image>;
  /** What `finish` enlarges: a model that sharpens may bring it to the picture's own pixels. */
  readonly enlarged?: readonly EnlargedFill[];
}

/** What a task takes from outside. */
export interface TaskContext {
  readonly random: Random;
  readonly codec: ImageCodec;
}

/** An option of the task's command, `--name <value>`; it sets the task option of the same name. */
export type TaskCliOption = {
  readonly name: string;
  /** Stands for the value in the help: "times", "share", "file". */
  readonly value: string;
  readonly description: string;
  readonly required?: boolean;
  /** Names of options that it cannot be given with. */
  readonly conflicts?: readonly string[];
} & (
  | {
      readonly kind: "number";
      readonly least: number;
      /** `least` itself is no value. */
      readonly above?: true;
      readonly most: number;
      readonly default?: number;
    }
  | {
      readonly kind: "choice";
      readonly choices: readonly string[];
      readonly default?: string;
      /** The option may be repeated; then its value is a list. */
      readonly several?: true;
    }
  /** Any text that `check` does not refuse by a UsageError. */
  | { readonly kind: "text"; check(text: string): void }
  /**
   * Image files or folders of them, given once or more; "alpha", the photo's own transparency; or
   * "random" for what `random` draws at the photo's size. `--NAME-from` and `--invert` come with
   * it.
   */
  | { readonly kind: "mask"; random(width: number, height: number, random: Random): Mask }
);

/** One degradation of an evaluation. */
export interface TaskVariant<Options extends object = object> {
  /** Distinguishes it among the task's: "right", "freeform-10-20"; part of a folder's name. */
  readonly id: string;
  readonly title: string;
  /** The options that hold it fixed for an image of this size. */
  options(width: number, height: number, random: Random): Options;
  /** Those of them that no image decides. */
  readonly known?: Partial<Options>;
}

/** The parameter that an evaluation varies, and the command's list `--name <value>`. */
export interface TaskVariants<Options extends object = object> {
  /** In the plural: "qualities". */
  readonly name: string;
  readonly value: string;
  readonly description: string;
  /** How a value is read: as it is written, or as a number in these limits. */
  readonly kind:
    | "text"
    | { readonly least: number; readonly most: number; readonly whole?: boolean };
  /** Those of the paper where it has them. */
  readonly defaults: readonly (string | number)[];
  /** @throws UsageError for a value that does not exist. */
  variant(value: string | number): TaskVariant<Options>;
}

/** A photo degraded to show the task. */
export interface Demonstration<Options extends object = object> {
  readonly truth: Image;
  /** Shown as the input, at the size of `truth`: holes and margins are gray. */
  readonly shown: Image;
  /** The image and the options that are given to `Palette.restore`. */
  readonly input: Image;
  readonly options: Options;
  /** "quality 10", "free-form hole" */
  readonly detail: string;
}

/**
 * A task by its name; the registry holds them all.
 * `Options` fix choices that are random otherwise, or say how a user's photo is restored. All are
 * optional; a task ignores those of others.
 */
export interface Task<Name extends string = string, Options extends object = object> {
  readonly name: Name;
  readonly title: string;
  readonly description: string;
  /** The name of its command; the task's own unless given. */
  readonly command?: string;
  readonly cliOptions?: readonly TaskCliOption[];
  /** The names of its options: others are refused. A task that does not say them takes any. */
  readonly optionNames?: readonly string[];
  /** Without it the task is evaluated in one way, under its own name. */
  readonly variants?: TaskVariants<Options>;
  /**
   * It gives colours to photos without any, and cannot learn from such photos. Any other task
   * leaves a gray photo gray.
   */
  readonly colours?: boolean;
  /** What it fills is made smaller where it is large (`Preparation.enlarged`). */
  readonly enlargesFills?: boolean;
  /** Pixels that are not to be made keep their bytes; a lossy file format would change them. */
  readonly keepsPixels?: boolean;
  /**
   * Training and evaluation: degrades the clean photo `y` at the model's resolution. Every random
   * choice (kind and area of the hole, quality, noise in the hole) comes from `context.random`.
   * @throws PaletteError for an option out of range.
   */
  degrade(y: Image, context: TaskContext, options?: Options): Promise<Condition>;
  /**
   * Restoring: the user's own photo, of any size. The result has its size, or `resultSize`, and
   * pixels that were not to be changed are unchanged.
   * @throws PaletteError for an option that is missing or out of range.
   */
  prepare(
    photo: Image,
    resolution: number,
    random: Random,
    options?: Options,
  ): Promise<Preparation>;
  /** The size of the result; the photo's unless given. */
  resultSize?(photo: Size, options: Options): Size;
  /**
   * Pictures of the result's size that are in memory at most while one is restored, beside the
   * photo: measured, with what is not yet given back. `mostCopies` unless given.
   */
  readonly copies?: number;
  /**
   * The opacity of the result from the photo's (0 to 255, [height, width]); the same unless given.
   */
  resultAlpha?(alpha: Uint8Array, photo: Size, options: Options): Uint8Array;
  /** What the owner of a photo may want to know before, to be read after its name. */
  remark?(photo: { readonly jpeg?: JpegQuality }): string;
  /** The options that a photo's file decides. */
  fileOptions?(photo: { readonly jpeg?: JpegQuality }): Partial<Options>;
  /**
   * The sigma of the noise under which the photo is seen first; undefined: as the model says for
   * the task (`sampling.starts`), or noise alone.
   */
  startSigma?(options: Partial<Options>, sampling: SamplingSettings): number | undefined;
  /** The network's share in the answer, 0 to 1; the rest is the photo. 1 unless given. */
  share?(options: Options, sampling: SamplingSettings): number;
  /**
   * Why a photo is left as it is by a model of this name with these settings, in words that follow
   * the photo's name; undefined where it is restored.
   */
  leavesAsIs?(options: Options, sampling: SamplingSettings, model: string): string | undefined;
  /** Degrades a photo for the demo; every random choice comes from the context. */
  demonstrate(photo: Image, context: TaskContext): Promise<Demonstration<Options>>;
}

/** `Task.copies` of a task that is sampled at the picture's own size. */
export const mostCopies = 4.8;

/** The options of a task. */
export type OptionsOf<T> = T extends Task<string, infer Options> ? Options : never;

/**
 * The finished image. With a mask, it has the network's `yHat` in the hole, and the known pixels of
 * x exactly as they were. Without a mask it is `yHat`. The network's pixels are clipped to [-1, 1].
 */
export function compose(condition: Condition, yHat: Image): Image {
  return composeOnto(condition, { ...yHat, data: yHat.data.slice() });
}

/** As `compose`, in the place of `yHat`. */
export function composeOnto({ x, mask }: Condition, yHat: Image): Image {
  if (yHat.width !== x.width || yHat.height !== x.height) {
    throw new PaletteError(
      `The network's picture is ${yHat.width}x${yHat.height}, but the source is ${x.width}x${x.height}.`,
    );
  }
  const { data } = yHat;
  const pixels = x.width * x.height;
  for (let i = 0; i < data.length; i++) {
    const known = mask !== undefined && mask.data[i % pixels] === 0;
    data[i] = known ? x.data[i]! : Math.min(1, Math.max(-1, data[i]!));
  }
  return yHat;
}
