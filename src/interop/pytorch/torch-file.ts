/**
 * Files of `torch.save`: the zip files of PyTorch 1.6 and later, and the legacy ones before. They
 * are read as data: no code in them runs. Their numbers stay in the file until they are asked for.
 */
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readRange } from "../../node/read-range.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { type Archive, openArchive } from "./archive.ts";
import { type FileKind, kindOfFile } from "./file-kind.ts";
import { readPickle } from "./pickle.ts";
import { bytesOf, type StoredTensor, type TensorStorage, valuesOf } from "./tensors.ts";
import { storageOf, torchGlobals } from "./torch-globals.ts";

/** What was saved, and its tensors' numbers. */
export interface Checkpoint {
  /** Maps, arrays, texts, numbers and `StoredTensor`s. */
  readonly value: unknown;
  /**
   * A tensor's numbers in row-major order, as float32 whatever they are stored as.
   * @throws PaletteError when the file ends before them
   */
  read(tensor: StoredTensor): Promise<Float32Array>;
}

/** A file that holds weights; whoever opens it closes its handle. */
export interface WeightsFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
  readonly kind: FileKind;
}

/** The description alone; a state dict of thousands of tensors has less than 1 MB. */
const largestPickle = 128e6;

/**
 * @throws PaletteError saying what the file is, if it holds no weights: a web page, a folder, ...
 */
export async function openFile(path: string): Promise<WeightsFile> {
  const handle = await openHandle(path);
  try {
    const { size } = await handle.stat();
    const head = await readRange(handle, 0, Math.min(size, 4096), path);
    return { path, handle, size, kind: kindOfFile(head, path) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a file of `torch.save`, of either format.
 * @throws PaletteError when it is damaged, or holds more than tensors
 */
export function readCheckpoint({ path, handle, size, kind }: WeightsFile): Promise<Checkpoint> {
  return kind === "zip" ? readZipped(handle, path) : readLegacy(handle, size, path);
}

async function openHandle(path: string): Promise<FileHandle> {
  try {
    const entry = await stat(path);
    // Parts of it are read, which a pipe does not have; opening one would wait for its writer.
    if (!entry.isFile() && !entry.isDirectory())
      throw new Error("it is no file, but a pipe or a device");
    if (entry.isFile()) return await open(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new PaletteError(`${path} cannot be read (${reasonOf(thrown)}).`, { cause: thrown });
    }
    // The re-implementation's configuration names checkpoints without their ends.
    const whole = `${path}_Network.pth`;
    const there = await stat(whole).catch(() => undefined);
    throw new PaletteError(
      there ? `${path} does not exist; name ${whole}.` : `${path} does not exist.`,
    );
  }
  const names = (await readdir(path)).filter((name) => /\.(pth|pt|ckpt)$/i.test(name)).sort();
  throw new PaletteError(
    names.length === 0
      ? `${path} is a folder without a checkpoint: name the .pth file itself.`
      : `${path} is a folder: name a checkpoint in it, such as ${join(path, names[0]!)}.`,
  );
}

async function readZipped(file: FileHandle, source: string): Promise<Checkpoint> {
  const archive = await openArchive(file, source);
  const pickle = archive.names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw notOfTorch(archive, source);
  const root = pickle.slice(0, -"data.pkl".length);
  if (archive.names.includes(`${root}constants.pkl`)) {
    throw new PaletteError(
      `${source} is a TorchScript program, not a state dict: save the weights alone in Python with torch.save(network.state_dict(), "network.pth").`,
    );
  }
  if (archive.sizeOf(pickle) > largestPickle) {
    throw new PaletteError(
      `${source} describes its tensors in more than 128 MB, which is not read.`,
    );
  }
  const order = `${root}byteorder`;
  const bigEndian =
    archive.names.includes(order) &&
    new TextDecoder().decode(await archive.read(order)).trim() === "big";
  const { value } = readPickle(await archive.read(pickle), {
    globals: torchGlobals(source),
    persistent: (id) => storageOf(id, source),
    source,
  });
  return {
    value,
    async read(tensor) {
      const unit = bytesOf[tensor.type];
      const part = `${root}data/${tensor.storage.key}`;
      const bytes = await archive.read(part, tensor.offset * unit, tensor.span * unit);
      return valuesOf(tensor, bytes, bigEndian);
    },
  };
}

/**
 * The legacy format. First come pickles of a magic number, the protocol, facts of the machine, the
 * object and the keys of its storages. Then comes each storage: how many numbers (8 bytes), and the
 * numbers.
 */
async function readLegacy(file: FileHandle, size: number, source: string): Promise<Checkpoint> {
  const bytes = await readRange(file, 0, Math.min(size, largestPickle), source);
  const storages = new Map<string, TensorStorage>();
  const options = {
    globals: torchGlobals(source),
    persistent(id: unknown) {
      const storage = storageOf(id, source);
      storages.set(storage.key, storages.get(storage.key) ?? storage);
      return storage;
    },
    source,
  };
  let end = 0;
  const values = Array.from({ length: 5 }, () => {
    const read = readPickle(bytes, options, end);
    end = read.end;
    return read.value;
  });
  const [, protocol, machine, value, keys] = values;
  if (protocol !== 1001 || !Array.isArray(keys)) {
    throw new PaletteError(`${source} is damaged: it is of no known format; download it again.`);
  }
  const bigEndian = machine instanceof Map && machine.get("little_endian") === false;
  const starts = new Map<string, number>();
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage?.type === undefined) continue;
    starts.set(key, end + 8);
    end += 8 + storage.count * bytesOf[storage.type];
  }
  if (end > size) {
    throw new PaletteError(`${source} is cut short: download it again and compare its size.`);
  }
  return {
    value,
    async read(tensor) {
      const start = starts.get(tensor.storage.key);
      if (start === undefined)
        throw new PaletteError(`${source} is damaged: a storage is missing.`);
      const unit = bytesOf[tensor.type];
      const at = start + tensor.offset * unit;
      return valuesOf(
        tensor,
        await readRange(file, at, at + tensor.span * unit, source),
        bigEndian,
      );
    },
  };
}

/** Google Drive packs the folders that it hands out. */
function notOfTorch({ names }: Archive, source: string): PaletteError {
  const inside = names.find((name) => /\.(pth|pt|ckpt)$/i.test(name));
  if (inside !== undefined) {
    return new PaletteError(`${source} is a packed folder: unzip it and name ${inside} in it.`);
  }
  return new PaletteError(
    `${source} is a zip file, but no PyTorch checkpoint (it has no data.pkl): name the .pth file.`,
  );
}
