/** The frame of a photo that is to grow: its margins, from handles, presets and sides. */
import type { Box } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";
import type { Margins } from "../restorer.ts";

export const noMargins: Margins = { left: 0, right: 0, top: 0, bottom: 0 };

export const handles = ["left", "right", "top", "bottom"] as const;
export type Handle = (typeof handles)[number];

export const corners = ["top-left", "top-right", "bottom-left", "bottom-right"] as const;
export type Corner = (typeof corners)[number];

/** Every side may grow by the photo's own width or height. */
export function largestMargin(photo: Size, side: Handle): number {
  return side === "left" || side === "right" ? photo.width : photo.height;
}

/** One margin set, as a whole number within its bounds. */
export function withMargin(photo: Size, margins: Margins, side: Handle, pixels: number): Margins {
  const bounded = Math.max(0, Math.min(largestMargin(photo, side), Math.round(pixels)));
  return { ...margins, [side]: bounded };
}

/** The grown picture in the photo's coordinates: (0, 0) is the photo's first pixel. */
export function frameBox(photo: Size, { left, right, top, bottom }: Margins): Box {
  return {
    left: 0 - left,
    top: 0 - top,
    width: photo.width + left + right,
    height: photo.height + top + bottom,
  };
}

export function isGrown({ left, right, top, bottom }: Margins): boolean {
  return left + right + top + bottom > 0;
}

/**
 * Where a panorama of a photo lies, brought to the photo's height. It grows by half windows, each
 * half of the photo's short side: first those at the right, which has the odd one, then those at
 * the left.
 * @param whole what it will be in the end, where the panorama is an estimate on the way
 */
export function panoramaFrame(photo: Size, panorama: Size, whole: Size = panorama): Box {
  const half = Math.min(photo.width, photo.height) / 2;
  const widthOf = ({ width, height }: Size) => (width * photo.height) / height;
  const windows = (size: Size) => Math.max(0, Math.round((widthOf(size) - photo.width) / half));
  const atRight = Math.ceil(windows(whole) / 2);
  const left = Math.max(0, windows(panorama) - atRight) * half;
  return { left: 0 - left, top: 0, width: widthOf(panorama), height: photo.height };
}

/** `share` of the photo's width or height at one side, or half of it at each of them ("all"). */
export function marginsForSide(photo: Size, side: Handle | "all", share: number): Margins {
  if (side !== "all") {
    return withMargin(photo, noMargins, side, share * largestMargin(photo, side));
  }
  return handles.reduce(
    (margins, each) => withMargin(photo, margins, each, (share / 2) * largestMargin(photo, each)),
    noMargins,
  );
}

/**
 * The smallest growth, the same at both ends, after which the picture has the ratio of width to
 * height; as far as the bounds allow.
 */
export function marginsForRatio(photo: Size, ratio: number): Margins {
  const present = photo.width / photo.height;
  if (ratio > present) {
    const more = Math.round(photo.height * ratio) - photo.width;
    return ends(photo, "left", "right", more);
  }
  return ends(photo, "top", "bottom", Math.round(photo.width / ratio) - photo.height);
}

function ends(photo: Size, first: Handle, second: Handle, more: number): Margins {
  const half = Math.floor(more / 2);
  return withMargin(photo, withMargin(photo, noMargins, first, half), second, more - half);
}
