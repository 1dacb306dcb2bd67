/** Which photos are never trained on. */
import { PaletteError, UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";

export interface HoldOut {
  readonly train: string[];
  readonly heldOut: string[];
}

/**
 * Splits each set's photos by themselves: another folder leaves the held-out photos of the others
 * as they are. `every:7:1` holds out each photo whose index, counted from 0, is 1 modulo 7; `none`
 * holds out nothing. Both lists are sorted by file name; among equal names those of the first set
 * come first.
 * @throws UsageError when the rule cannot be read; PaletteError when it leaves nothing to train on.
 */
export function splitHoldOut(sets: readonly (readonly string[])[], rule: string): HoldOut {
  const photos = sortedBy(sets.flat(), byFileName);
  if (rule === "none") return { train: photos, heldOut: [] };
  const [, modulus, remainder] = (/^every:(\d+):(\d+)$/.exec(rule) ?? []).map(Number);
  if (modulus === undefined || remainder === undefined || modulus < 2 || remainder >= modulus) {
    throw new UsageError(
      `Cannot read the hold-out rule "${rule}"; write every:N:K with N at least 2 and K below N, such as every:7:1, or none.`,
    );
  }
  const heldOut = sortedBy(
    sets.flatMap((set) => set.filter((_, index) => index % modulus === remainder)),
    byFileName,
  );
  const held = new Set(heldOut);
  const train = photos.filter((photo) => !held.has(photo));
  if (train.length === 0) {
    throw new PaletteError(
      `The hold-out rule ${rule} leaves none of ${quantity(photos.length, "photo")} for training; add photos or use none.`,
    );
  }
  return { train, heldOut };
}

/** A path and the last part of it. */
export interface NamedPath {
  readonly path: string;
  readonly name: string;
}

/** Orders by the file name alone. */
export const byFileName = (a: NamedPath, b: NamedPath) => compareCodeUnits(a.name, b.name);

/** A sorted copy; equal paths stay in the order in which they are given. */
export function sortedBy(
  paths: readonly string[],
  order: (a: NamedPath, b: NamedPath) => number,
): string[] {
  const named = paths.map((path) => ({ path, name: fileName(path) }));
  return named.sort(order).map(({ path }) => path);
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** An order that is the same in every language setting. */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
