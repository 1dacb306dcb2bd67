/**
 * What a command may write over: nothing but what a command of its kind wrote. A folder must be
 * new, empty or known by the file that its kind is known by; a file must be new or carry the mark
 * of an export. What the command reads is never written over, through whichever link it is named.
 */
import { constants } from "node:fs";
import { access, open, readdir, stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { settingsFile } from "../evaluation/protocol/files.ts";
import { experimentFile, experimentFormat } from "../experiment/records.ts";
import { configKey } from "../interop/open.ts";
import { type ModelConfig, parseModelConfig } from "../models/config.ts";
import { configFile, weightsFile } from "../models/model.ts";
import { studyFiles } from "../study/settings.ts";
import { parseRunConfig } from "../training/run-config.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { lockFile } from "./folder-lock.ts";
import { readToEnd } from "./regular-file.ts";
import { openSafetensors } from "./safetensors-file.ts";

/** A kind of folder that commands write. */
interface FolderKind {
  /** With its article. */
  readonly what: string;
  /** The option that names it. */
  readonly option: string;
  /** The file it is known by. */
  readonly sign: string;
  /**
   * Whether the text of that file is of this kind.
   * @throws PaletteError in place of the general one, anything else for "no".
   */
  readonly knows: (text: string, file: string) => boolean;
  /** Whether it is replaced, and with `--force` only; otherwise the command continues it. */
  readonly replaced?: boolean;
  /** What a killed command leaves alone in the folder, beside its lock. */
  readonly begun?: string;
}

const shardFields = ["format", "digest", "encoding"];

/** A model that a command has made of something, known by its config.json. */
function madeModel(command: string, knows: (config: ModelConfig) => boolean): FolderKind {
  return {
    what: `a model that palette ${command} made`,
    option: "-o",
    sign: configFile,
    knows: (text, file) => knows(parseModelConfig(text, file)),
    replaced: true,
    begun: weightsFile,
  };
}

/** Every kind of folder that is written. */
export const folderKinds = {
  importedModel: madeModel("import", ({ imported }) => imported !== undefined),
  averagedModel: madeModel("average", ({ training }) => training?.averageLength !== undefined),
  calibratedModel: madeModel("calibrate", ({ int8 }) => int8 !== undefined),
  run: {
    what: "a run folder",
    option: "--out",
    sign: configFile,
    knows: (text, file) => parseRunConfig(text, file) !== undefined,
  },
  evaluation: {
    what: "the folder of an evaluation",
    option: "-o",
    sign: settingsFile,
    knows: (text) => ["digest", "holdOut"].every((field) => field in JSON.parse(text)),
  },
  comparison: {
    what: "the folder of a comparison",
    option: "-o",
    sign: "fid.json",
    knows: (text) => "fid" in JSON.parse(text),
  },
  shards: {
    what: "a folder of shards",
    option: "-o",
    sign: "shards.json",
    knows: (text) => shardFields.every((field) => field in JSON.parse(text)),
  },
  study: {
    what: "the folder of a study",
    option: "folder",
    sign: studyFiles.settings,
    knows: (text) => ["format", "pairs", "trials"].every((field) => field in JSON.parse(text)),
  },
  experiment: {
    what: "the folder of an experiment",
    option: "-o",
    sign: experimentFile,
    knows: (text) => JSON.parse(text).format === experimentFormat,
  },
} as const satisfies Record<string, FolderKind>;

/** What this package writes and others may have a file of the same name for: its own fields. */
const signs: readonly (readonly [file: string, fields: readonly string[], what: string])[] = [
  [folderKinds.run.sign, ["format", "network", "machine"], folderKinds.run.what],
  [configFile, ["format", "network"], "a model"],
  [folderKinds.evaluation.sign, ["format", "digest", "holdOut"], folderKinds.evaluation.what],
  [folderKinds.shards.sign, shardFields, folderKinds.shards.what],
  [folderKinds.study.sign, ["format", "pairs", "trials"], folderKinds.study.what],
  [experimentFile, ["format", "studies"], folderKinds.experiment.what],
];

/**
 * What a folder is, if this package made it: no place for photos.
 * @param names of what is in it
 */
export async function madeByPalette(
  folder: string,
  names: readonly string[],
): Promise<string | undefined> {
  for (const [file, fields, what] of signs) {
    if (names.includes(file) && (await holdsFields(join(folder, file), fields))) return what;
  }
  return undefined;
}

async function holdsFields(file: string, fields: readonly string[]): Promise<boolean> {
  try {
    const value: unknown = JSON.parse(String(await readToEnd(file)));
    return typeof value === "object" && value !== null && fields.every((name) => name in value);
  } catch {
    return false;
  }
}

export interface ClaimOptions {
  /** The files that the command reads. */
  readonly inputs?: readonly string[] | undefined;
  /** Whether what is replaced as a whole may be. */
  readonly force?: boolean | undefined;
}

/**
 * Refuses a folder that the command may not write into; nothing is created or changed.
 * @throws PaletteError naming what is in the way, and what to do.
 */
export async function claimFolder(
  named: string,
  kind: FolderKind,
  { inputs = [], force = false }: ClaimOptions = {},
): Promise<void> {
  const { what, option, sign, knows, replaced = false, begun } = kind;
  const another = `choose another ${option}`;
  const folder = named || ".";
  const all = await namesIn(folder, another);
  const names = all.filter((name) => !isPassing(name));
  const cutOff = names.length === 1 && names[0] === begun && all.includes(lockFile);
  if (names.length > 0 && !cutOff) {
    const file = join(folder, sign);
    if (!names.includes(sign) || !(await isKnown(file, knows, replaced))) {
      const holds = names.includes(sign) ? sign : names[0];
      throw new PaletteError(`${folder} is not ${what} (it holds ${holds}): ${another}.`);
    }
    if (replaced && !force) {
      throw new PaletteError(`${folder} is ${what} before: --force replaces it, or ${another}.`);
    }
    if (replaced) {
      await refuseInputs(
        names.map((name) => join(folder, name)),
        inputs,
        another,
      );
    }
  }
  if (cutOff) await refuseInputs([join(folder, begun)], inputs, another);
  await assertWritable(folder, another);
}

/** A file that a command writes. */
export interface OutputFile {
  readonly path: string;
  /** The option that names it. */
  readonly option: string;
  readonly ending: keyof typeof exportMarks;
}

/** What exports carry, by their ending: how they are known from other files. */
const exportMarks = {
  ".onnx": isExportedOnnx,
  ".safetensors": isExportedSafetensors,
} as const;

/**
 * Refuses files that the command may not write; nothing is created or changed.
 * @throws UsageError for another ending, PaletteError for what is in the way.
 */
export async function claimFiles(
  outputs: readonly OutputFile[],
  inputs: readonly string[],
): Promise<void> {
  for (const { path, option, ending } of outputs) {
    const another = `choose another ${option}`;
    if (extname(path).toLowerCase() !== ending) {
      throw new UsageError(
        `${option} writes a file that ends in ${ending}, not ${path}: name it so.`,
      );
    }
    await refuseInputs([path], inputs, another);
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isDirectory()) throw new PaletteError(`${path} is a folder: ${another}.`);
    // Looking into a pipe would wait for its writer.
    if (entry?.isFile() === false) throw new PaletteError(`${path} is not a file: ${another}.`);
    if (entry !== undefined && !(await exportMarks[ending](path).catch(() => false))) {
      throw new PaletteError(`${path} was not written by palette export: ${another}.`);
    }
    await assertWritable(dirname(path), another);
  }
}

/** @throws PaletteError when one of the files is one of those read, under any name. */
async function refuseInputs(
  files: readonly string[],
  inputs: readonly string[],
  another: string,
): Promise<void> {
  const read = new Set((await Promise.all(inputs.map(identity))).filter((id) => id !== undefined));
  for (const file of files) {
    const id = await identity(file);
    if (id !== undefined && read.has(id)) {
      throw new PaletteError(`${file} is read by this command and would be replaced: ${another}.`);
    }
  }
}

/** The same for all names and links of a file; undefined where there is none. */
export async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev} ${found.ino}`;
}

/**
 * The folder, or the nearest one above it that exists, must take new files.
 * @param remedy what to do, as in "choose another -o"
 * @throws PaletteError with the system's reason.
 */
export async function assertWritable(folder: string, remedy: string): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      if (!(await stat(at)).isDirectory()) throw new Error(`${at} is a file`);
      return await access(at, constants.W_OK);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if ((code === "ENOENT" || code === "ENOTDIR") && dirname(at) !== at) continue;
      throw new PaletteError(
        `Nothing can be written into ${folder} (${reasonOf(thrown)}); ${remedy}.`,
        { cause: thrown },
      );
    }
  }
}

/** Temporary files, locks and what is hidden: nobody's work. */
function isPassing(name: string): boolean {
  return name.startsWith(".") || name === lockFile;
}

/** The names in a folder; none when it does not exist. */
async function namesIn(folder: string, another: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const reason = code === "ENOTDIR" ? "is a file" : `cannot be read (${reasonOf(thrown)})`;
    throw new PaletteError(`${folder} ${reason}: ${another}.`, { cause: thrown });
  }
}

/**
 * @param replaced whether what is not of the kind is told as such; otherwise the reader's reason
 * is.
 */
async function isKnown(
  file: string,
  knows: FolderKind["knows"],
  replaced: boolean,
): Promise<boolean> {
  try {
    return knows(String(await readToEnd(file)), file);
  } catch (thrown) {
    if (thrown instanceof PaletteError && !replaced) throw thrown;
    return false;
  }
}

/** An ONNX file begins with its version and the name of the program that made it. */
const versionField = 8;
const producer = "palette-diffusion";

async function isExportedOnnx(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer[0] === versionField && buffer.subarray(0, bytesRead).includes(producer);
  } finally {
    await file.close();
  }
}

async function isExportedSafetensors(path: string): Promise<boolean> {
  const file = await openSafetensors(path);
  await file.close();
  return configKey in file.metadata;
}
