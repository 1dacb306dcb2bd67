/**
 * The zip file of a PyTorch checkpoint, read part by part: checkpoints may be larger than what Node
 * reads at once. PyTorch stores its parts uncompressed, so that a part is a range of the file.
 */
import type { FileHandle } from "node:fs/promises";
import { type Entry, fromFdPromise, type ZipFile } from "yauzl";
import { readRange } from "../../node/read-range.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";

export interface Archive {
  /** The parts' names, such as `archive/data.pkl`. */
  readonly names: readonly string[];
  /** A part's length in bytes. Throws PaletteError when there is no such part. */
  sizeOf(name: string): number;
  /** `length` bytes of a part from byte `start`; by default all of it. */
  read(name: string, start?: number, length?: number): Promise<Uint8Array>;
}

/**
 * Reads the table of contents of the zip file behind `file`, which the caller closes.
 * @param source what to call the file in an error message
 * @throws PaletteError when the file is cut short or a part is not within it.
 */
export async function openArchive(file: FileHandle, source: string): Promise<Archive> {
  let zip: ZipFile;
  const { size } = await file.stat();
  const entries = new Map<string, Entry>();
  try {
    zip = await fromFdPromise(file.fd, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  } catch (thrown) {
    throw new PaletteError(
      `${source} is cut short or damaged (${shortReason(thrown)}): download it again and compare its size.`,
      { cause: thrown },
    );
  }

  function entryNamed(name: string): Entry {
    const entry = entries.get(name);
    if (entry === undefined) {
      throw new PaletteError(
        `${source} is damaged: its part ${name} is missing; download it again.`,
      );
    }
    if (entry.uncompressedSize > size) {
      throw new PaletteError(`${source} is damaged: its part ${name} is larger than the file.`);
    }
    if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
      throw new PaletteError(
        `${source} was packed again by another program than PyTorch: load and save it once with torch.`,
      );
    }
    return entry;
  }

  return {
    names: [...entries.keys()],
    sizeOf: (name) => entryNamed(name).uncompressedSize,
    async read(name, start = 0, length) {
      const entry = entryNamed(name);
      const count = length ?? entry.uncompressedSize - start;
      if (start + count > entry.uncompressedSize) {
        throw new PaletteError(`${source} is damaged: its part ${name} is too short.`);
      }
      const { fileDataStart } = await zip
        .readLocalFileHeaderPromise(entry, { minimal: true })
        .catch((thrown) => {
          throw new PaletteError(
            `${source} is damaged where its part ${name} begins (${reasonOf(thrown)}): download it again and compare its size.`,
            { cause: thrown },
          );
        });
      const from = fileDataStart + start;
      return readRange(file, from, from + count, source);
    },
  };
}

function shortReason(thrown: unknown): string {
  const reason = reasonOf(thrown);
  return /end of central directory/i.test(reason) ? "its table of contents is missing" : reason;
}
