/** By how much, and where, a photo grows when it is uncropped. */
import type { Box } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import { PaletteError, UsageError } from "../util/errors.ts";

/** Which part of the new image is grown; "all" grows a border around the photo. */
export type Side = "left" | "right" | "top" | "bottom" | "all";

export type UncropOptions = {
  /** Restoring: one side or several. */
  readonly side?: Side | readonly Side[];
  /** Restoring: by which share of its size the photo grows; default 0.5. */
  readonly ratio?: number;
  /** Restoring, instead of a ratio: the result's aspect ratio, "16:9", or size, "1920x1080". */
  readonly to?: string;
  /** Restoring, instead of all of these: pixels that the photo grows by at each side. */
  readonly margins?: Margins;
};

/** Whole numbers of at least 0, not all of them 0. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The four sides of which one is grown. */
export const oneSide = ["left", "right", "top", "bottom"] as const;
export const sides: readonly Side[] = [...oneSide, "all"];

/** By which share of its size a photo grows unless said otherwise. */
export const defaultRatio = 0.5;

/**
 * The new picture of a photo that grows by `ratio` of its width or height at `side`: its size, and
 * where the photo is in it. Where both ends grow, each gets half.
 * @throws UsageError for a ratio that adds nothing, or more than three times the photo.
 */
export function grown(
  width: number,
  height: number,
  side: Side | readonly Side[],
  ratio = defaultRatio,
): Grown {
  if (!(ratio > 0 && ratio <= mostGrowth)) {
    throw new UsageError(`The ratio is a number above 0 and at most ${mostGrowth}, not ${ratio}.`);
  }
  const ends = endsOf(side);
  const x = spread(Math.max(1, Math.round(width * ratio)), ends.has("left"), ends.has("right"));
  const y = spread(Math.max(1, Math.round(height * ratio)), ends.has("top"), ends.has("bottom"));
  return {
    width: width + x.before + x.after,
    height: height + y.before + y.after,
    photo: { left: x.before, top: y.before, width, height },
  };
}

/** How many pixels are added at both ends of a side; where both grow, as many at each. */
function spread(pixels: number, before: boolean, after: boolean) {
  const each = before && after ? Math.ceil(pixels / 2) : pixels;
  return { before: before ? each : 0, after: after ? each : 0 };
}

/**
 * The new picture of a photo that becomes `to`: the smallest one of an aspect ratio ("16:9") that
 * holds the photo, or one of a size ("1920x1080"). The photo keeps its pixels, at the end that does
 * not grow or, where both ends may, in the middle.
 * @throws UsageError for what is no target, PaletteError when the photo cannot grow to it at these
 * sides.
 */
export function grownTo(
  width: number,
  height: number,
  to: string,
  side: Side | readonly Side[] = "all",
): Grown {
  const target = parseTarget(to);
  const aspect = target.width / target.height;
  const wanted =
    target.kind === "size"
      ? target
      : {
          width: Math.max(width, Math.round(height * aspect)),
          height: Math.max(height, Math.round(width / aspect)),
        };
  const across = wanted.width - width;
  const down = wanted.height - height;
  const photo = `The photo of ${width}x${height}`;
  if (across < 0 || down < 0) {
    throw new PaletteError(`${photo} is larger than ${to}; make it smaller first.`);
  }
  if (across === 0 && down === 0) {
    throw new PaletteError(`${photo} is ${to} already: there is nothing to add.`);
  }
  if (across > mostGrowth * width || down > mostGrowth * height) {
    throw new PaletteError(
      `${photo} would become ${wanted.width}x${wanted.height}, but grows by ${mostGrowth} times its size at most.`,
    );
  }
  const ends = endsOf(side);
  const room = [
    { pixels: across, growing: ["left", "right"] },
    { pixels: down, growing: ["top", "bottom"] },
  ] as const;
  const [left, top] = room.map(({ pixels, growing: [before, after] }) => {
    if (pixels > 0 && !ends.has(before) && !ends.has(after)) {
      throw new PaletteError(
        `${photo} becomes ${to} at the ${before} or ${after}; give such a side.`,
      );
    }
    if (!ends.has(before)) return 0;
    return ends.has(after) ? Math.floor(pixels / 2) : pixels;
  }) as [number, number];
  return { width: wanted.width, height: wanted.height, photo: { left, top, width, height } };
}

/**
 * The new picture of a photo that grows by so many pixels at each side.
 * @throws UsageError for margins that are no whole numbers of at least 0, or add nothing.
 */
export function grownBy(width: number, height: number, margins: Margins): Grown {
  const { left, right, top, bottom } = margins;
  const all = [left, right, top, bottom];
  if (!all.every((margin) => Number.isInteger(margin) && margin >= 0) || Math.max(...all) === 0) {
    throw new UsageError(
      `The margins are whole numbers of at least 0, not all of them 0, not ${all.join(", ")}.`,
    );
  }
  return {
    width: left + width + right,
    height: top + height + bottom,
    photo: { left, top, width, height },
  };
}

/** The photo does not grow by more than so many times its width or height. */
export const mostGrowth = 3;

/** @throws UsageError unless it is an aspect ratio or a size. */
export function parseTarget(to: string): Size & { readonly kind: "aspect" | "size" } {
  const [, first, sign, second] = /^(\d+(?:\.\d+)?)([:x])(\d+(?:\.\d+)?)$/i.exec(to) ?? [];
  const [width, height] = [Number(first), Number(second)];
  const kind = sign === ":" ? "aspect" : "size";
  const whole = kind === "aspect" || (Number.isInteger(width) && Number.isInteger(height));
  if (!(width > 0 && height > 0 && whole)) {
    throw new UsageError(
      `Give an aspect ratio, such as 16:9, or a size, such as 1920x1080, not ${to}.`,
    );
  }
  return { width, height, kind };
}

/** The new picture that these options ask for. */
export function placed({ width, height }: Size, options: UncropOptions): Grown {
  const { side = "all", ratio, to, margins } = options;
  if (margins !== undefined) return grownBy(width, height, margins);
  if (to === undefined) return grown(width, height, side, ratio);
  if (ratio !== undefined)
    throw new UsageError("A photo grows by a ratio or to a target, not both.");
  return grownTo(width, height, to, side);
}

/** The sides of which each grows; "all" is the four of them. */
function endsOf(side: Side | readonly Side[]): ReadonlySet<Side> {
  const named = typeof side === "string" ? [side] : side;
  if (named.length === 0) throw new UsageError(`Uncropping needs a side: ${sides.join(", ")}.`);
  for (const one of named) if (!sides.includes(one)) throw noSuchSide(one);
  return new Set(named.includes("all") ? oneSide : named);
}

export interface Grown {
  readonly width: number;
  readonly height: number;
  readonly photo: Box;
}

export function noSuchSide(side: string): UsageError {
  return new UsageError(`There is no side "${side}"; the sides are ${sides.join(", ")}.`);
}
