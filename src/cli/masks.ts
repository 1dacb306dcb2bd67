/** The masks that a command is given: files, folders, the photo's transparency, random ones. */
import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { Mask } from "../image/image.ts";
import {
  invertMask,
  joinMasks,
  type MaskReading,
  type MaskSource,
  maskedShare,
  maskFromAlpha,
} from "../image/mask.ts";
import type { Photo } from "../node/decode-image.ts";
import { scanPhotos } from "../node/photo-folders.ts";
import { readMask } from "../node/read-mask.ts";
import type { TaskCliOption } from "../tasks/task.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { TaskFlags } from "./commands/restore.ts";
import { log } from "./console.ts";

type MaskOption = Extract<TaskCliOption, { readonly kind: "mask" }>;

/** A photo that a mask is for. */
export interface MaskedPhoto {
  readonly photo: Photo;
  readonly path: string;
  /** Its number among the photos; random masks differ by it. */
  readonly index: number;
  readonly seed: number;
}

/** One value of the option. */
type Given =
  | { readonly kind: "random" }
  | { readonly kind: "alpha" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string; readonly files: readonly string[] };

/** What an option that takes masks was given. */
export class MaskArguments {
  readonly option: MaskOption;
  private readonly given: readonly Given[];
  private readonly reading: MaskReading;

  private constructor(option: MaskOption, given: readonly Given[], reading: MaskReading) {
    this.option = option;
    this.given = given;
    this.reading = reading;
  }

  /** @throws PaletteError when a folder holds no masks. */
  static async of(option: MaskOption, flags: TaskFlags): Promise<MaskArguments> {
    const given: Given[] = [];
    for (const value of [flags[option.name] ?? []].flat()) given.push(await givenBy(String(value)));
    const from = flags[`${option.name}From`] as MaskSource | undefined;
    return new MaskArguments(option, given, {
      ...(from && { from }),
      invert: flags.invert === true,
    });
  }

  /** The files that are read. */
  get files(): string[] {
    return this.given.flatMap((one) =>
      one.kind === "file" ? [one.path] : one.kind === "folder" ? one.files : [],
    );
  }

  /** Those of them that are read for a photo. */
  filesOf(photo: string): string[] {
    return this.given.flatMap((one) =>
      one.kind === "file" || one.kind === "folder" ? filesFor(photo, one) : [],
    );
  }

  /**
   * What all of them fill of a photo, at its size; undefined where none was given. The share is
   * said.
   * @throws PaletteError when there is no mask for the photo, or nothing would be filled.
   */
  async maskFor(target: MaskedPhoto): Promise<Mask | undefined> {
    const masks: Mask[] = [];
    const names: string[] = [];
    for (const given of this.given) {
      for (const { name, mask } of await this.masksOf(given, target)) {
        if (this.given.length > 1 && maskedShare(mask) === 0)
          log(`${name} fills nothing by itself.`);
        masks.push(mask);
        names.push(name);
      }
    }
    const [first, ...others] = masks;
    if (first === undefined) return undefined;
    const mask = joinMasks([first, ...others]);
    const share = maskedShare(mask);
    const { path } = target;
    if (share === 0) {
      throw new PaletteError(
        `${names.join(" and ")} would fill nothing of ${path}: ${this.remedy}.`,
      );
    }
    const doubt = share > 0.5 ? ` (if it should be the rest: --invert)` : "";
    log(
      `${names.join(" and ")} ${names.length > 1 ? "fill" : "fills"} ${inPercent(share)} of ${path}${doubt}.`,
    );
    return mask;
  }

  private get remedy(): string {
    const { name } = this.option;
    return `--${name}-from dark fills what is dark, --${name}-from alpha what is opaque, --${name}-from luma what is bright, and --invert the rest`;
  }

  private async masksOf(
    given: Given,
    { photo, path, index, seed }: MaskedPhoto,
  ): Promise<{ readonly name: string; readonly mask: Mask }[]> {
    const { width, height } = photo.image;
    if (given.kind === "random") {
      const random = Random.from(seed, "mask", index);
      return [{ name: "A random mask", mask: this.option.random(width, height, random) }];
    }
    if (given.kind === "alpha") {
      if (photo.alpha === undefined) {
        throw new PaletteError(
          `${path} has no transparency, so --${this.option.name} alpha fills nothing.`,
        );
      }
      const mask = maskFromAlpha(photo.alpha, width, height);
      return [{ name: "Its transparency", mask: this.reading.invert ? invertMask(mask) : mask }];
    }
    const files = filesFor(path, given);
    if (files.length === 0) {
      throw new PaletteError(
        `${path} has no mask in ${given.path}; a mask has the photo's name, as ${stemOf(path)}.png or ${stemOf(path)}-mask.png.`,
      );
    }
    const read: { name: string; mask: Mask }[] = [];
    for (const name of files) {
      const { orientation = 1 } = photo;
      const options = { ...this.reading, orientation };
      const { mask, resized, turned } = await readMask(name, width, height, options);
      if (turned) log(`${name} was turned as ${path} was.`);
      if (resized) log(`${name} was brought to the ${width}x${height} pixels of ${path}.`);
      read.push({ name, mask });
    }
    return read;
  }
}

async function givenBy(value: string): Promise<Given> {
  if (value === "random" || value === "alpha") return { kind: value };
  const entry = await stat(value).catch(() => undefined);
  if (!entry?.isDirectory()) return { kind: "file", path: value };
  return { kind: "folder", path: value, files: await scanPhotos([value]) };
}

/** The masks of a photo, among those that were named. */
function filesFor(photo: string, given: Extract<Given, { readonly path: string }>): string[] {
  if (given.kind === "file") return [given.path];
  return given.files.filter((file) => isFor(file, photo));
}

/** Whether the mask has the photo's name: "a.png", "a-mask.png", "a_mask001.png" of "a.jpg". */
function isFor(mask: string, photo: string): boolean {
  const [name, stem] = [stemOf(mask), stemOf(photo)];
  return name.startsWith(stem) && /^([-_. ]?mask\d*)?$/i.test(name.slice(stem.length));
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}

/** "12.3 %", "less than 0.1 %". */
function inPercent(share: number): string {
  if (share < 0.001) return "less than 0.1 %";
  return share === 1 ? "all" : `${Math.min(99.9, 100 * share).toFixed(1)} %`;
}
