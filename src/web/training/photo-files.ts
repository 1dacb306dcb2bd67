/** Photos that a person chose or dropped: as a set to plan with, and to be read in training. */
import { byFileName, compareCodeUnits, sortedBy } from "../../data/hold-out.ts";
import { digestedText, fingerprintBlocks, fingerprintOf } from "../../data/photo-fingerprint.ts";
import type { PhotoReader, PhotoRecord, PhotoSet } from "../../data/photo-reader.ts";
import { shrinkBytes } from "../../image/resize.ts";
import { PaletteError, ReadError, reasonOf } from "../../util/errors.ts";
import { sha256 } from "../../util/sha256.ts";
import { canvasCodec } from "../canvas-codec.ts";

export interface ChosenPhotos {
  readonly set: PhotoSet;
  /** The files by the paths of the set. */
  readonly files: ReadonlyMap<string, Blob>;
}

/**
 * The files as a set. A file that was chosen twice counts once; the order does not depend on that
 * of the choice.
 * @throws PaletteError without files, or when one of them cannot be read.
 */
export async function chosenPhotos(chosen: readonly File[]): Promise<ChosenPhotos> {
  if (chosen.length === 0) throw new PaletteError("No photos were given: choose at least one.");
  const files = new Map<string, File>();
  const fingerprints = new Map<string, string>();
  for (const file of chosen) {
    const fingerprint = await fingerprintIn(file);
    const name = file.webkitRelativePath || file.name;
    const other = fingerprints.get(name);
    if (other === fingerprint) continue;
    // Files of the same name from several folders.
    const path = other === undefined ? name : `${fingerprint}/${name}`;
    files.set(path, file);
    fingerprints.set(path, fingerprint);
  }
  const photos = sortedBy(
    [...files.keys()],
    (a, b) => byFileName(a, b) || compareCodeUnits(a.path, b.path),
  );
  const records = photos.map(
    (path): PhotoRecord => ({ name: path, fingerprint: fingerprints.get(path) ?? "missing" }),
  );
  const sizes = photos.map((path) => files.get(path)!).map(({ name, size }) => ({ name, size }));
  const digest = (await sha256(digestedText(sizes))).slice(0, 16);
  return { set: { folder: "photos", name: "photos", photos, digest, records }, files };
}

/** Reads photos among these files by their paths, with the browser's own decoders. */
export function fileReader(files: ReadonlyMap<string, Blob>): PhotoReader {
  return {
    async read(path, { shortSide } = {}) {
      const file = files.get(path);
      if (file === undefined) throw new ReadError(`${path} is not among the photos any more.`);
      const bytes = await bytesOf(file, path);
      try {
        const { rgb, width, height } = await canvasCodec.decode(bytes);
        const photo = { rgb, width, height };
        return shortSide === undefined ? photo : shrinkBytes(photo, shortSide);
      } catch (thrown) {
        throw new PaletteError(`${path}: ${reasonOf(thrown)}.`, { cause: thrown });
      }
    },
  };
}

async function fingerprintIn(file: File): Promise<string> {
  const blocks = fingerprintBlocks(file.size).map(([start, end]) => file.slice(start, end));
  const looked = new Blob(blocks);
  return fingerprintOf(file.size, await sha256(await bytesOf(looked, file.name)));
}

async function bytesOf(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (thrown) {
    throw new ReadError(`${name} cannot be read (${reasonOf(thrown)}): choose it again.`, {
      cause: thrown,
    });
  }
}
