/** Which photos came, went or changed since a run began. */
import { fileName } from "../data/hold-out.ts";
import type { PhotoRecord } from "../data/photo-reader.ts";
import { counted } from "../util/format.ts";

/** So many of a kind are named. */
const shown = 3;

/**
 * The changes in words: "2 came (a.jpg, b.jpg), 1 changed (c.jpg)"; undefined where there are none.
 * A photo is told by its file name and fingerprint, wherever it lies; one of another fingerprint
 * than before has changed.
 */
export function photoChanges(
  before: readonly PhotoRecord[],
  now: readonly PhotoRecord[],
): string | undefined {
  const [gone, fresh] = [without(before, now, exactly), without(now, before, exactly)];
  const [went, came] = [without(gone, fresh, byName), without(fresh, gone, byName)];
  const changed = without(fresh, came, byPath);
  const parts = [
    ["came", came],
    ["went", went],
    ["changed", changed],
  ] as const;
  const said = parts.filter(([, photos]) => photos.length > 0);
  if (said.length === 0) return undefined;
  return said
    .map(([what, photos]) => `${counted(photos.length)} ${what} (${named(photos)})`)
    .join(", ");
}

const exactly = ({ name, fingerprint }: PhotoRecord) => `${fingerprint} ${fileName(name)}`;
const byName = ({ name }: PhotoRecord) => fileName(name);
const byPath = ({ name }: PhotoRecord) => name;

/** Those that have no counterpart among the others; each of these is the counterpart of one. */
function without(
  photos: readonly PhotoRecord[],
  others: readonly PhotoRecord[],
  keyOf: (photo: PhotoRecord) => string,
): PhotoRecord[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1);
  return photos.filter((photo) => {
    const count = left.get(keyOf(photo)) ?? 0;
    left.set(keyOf(photo), count - 1);
    return count <= 0;
  });
}

function named(photos: readonly PhotoRecord[]): string {
  const names = photos.slice(0, shown).map(({ name }) => name);
  return [...names, ...(photos.length > shown ? ["..."] : [])].join(", ");
}
