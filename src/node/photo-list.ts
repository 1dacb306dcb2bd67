/** photos.tsv: the photos of a run, to tell later which have changed. */
import type { PhotoRecord } from "../data/photo-reader.ts";

/** A line a photo: its fingerprint and its name, written as in JSON where it is unusual. */
export function photoList(photos: readonly PhotoRecord[]): string {
  const lines = photos.map(
    ({ name, fingerprint }) => `${fingerprint}\t${JSON.stringify(name).slice(1, -1)}\n`,
  );
  return lines.join("");
}

/** Lines that cannot be read are passed over: the list is for a message. */
export function photosIn(list: string): PhotoRecord[] {
  return list.split("\n").flatMap((line) => {
    const [, fingerprint = "", name] = /^([^\t]*)\t(.+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    try {
      return [{ fingerprint, name: JSON.parse(`"${name}"`) as string }];
    } catch {
      return [];
    }
  });
}
