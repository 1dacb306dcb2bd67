/**
 * A run in the browser's storage, with the files of a run folder: config.json, photos.json,
 * stats.jsonl, log.txt, samples/NNNNNN.png, checkpoint.safetensors, model/ and clock.json. It
 * outlives a reload and a tab that is killed; continuing is opening it again.
 */
import { z } from "zod";
import type { PhotoRecord } from "../../data/photo-reader.ts";
import type { Image } from "../../image/image.ts";
import { configFile, type Model, weightsFile } from "../../models/model.ts";
import { encodeHeader, storedBytes } from "../../models/safetensors.ts";
import { SafetensorsReader } from "../../models/safetensors-reader.ts";
import { readParameter } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { checkpointParts, readCheckpointInto } from "../../training/checkpoint.ts";
import { photoChanges } from "../../training/photo-changes.ts";
import type { Counters, RunStore, StateAccess, StatsLine } from "../../training/platform.ts";
import { conflicts, parseRunConfig, type RunConfig } from "../../training/run-config.ts";
import { crc32 } from "../../util/crc32.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { canvasCodec } from "../canvas-codec.ts";
import { blobSource } from "../model-cache.ts";
import {
  type FilePart,
  type Folder,
  namesIn,
  openFolder,
  readFile,
  readText,
  readWith,
  remove,
  writeWhole,
} from "./storage.ts";

const names = {
  config: "config.json",
  photos: "photos.json",
  stats: "stats.jsonl",
  log: "log.txt",
  samples: "samples",
  checkpoint: "checkpoint.safetensors",
  clock: "clock.json",
  model: "model",
} as const;

const root = "palette-runs";
const clockSchema = z.object({ seconds: z.number().min(0) });
const recordsSchema = z.array(z.object({ name: z.string(), fingerprint: z.string() }));
const imagesSchema = z.object({ images: z.number() });

/** A model folder's files by their names. */
export interface ModelFiles {
  readonly config: Blob;
  readonly weights: Blob;
}

/** Files of runs that are kept in this browser, by the name of the run. */
export const browserRuns = {
  /** The configuration of a run that has trained something; undefined when there is none. */
  async begun(name: string): Promise<RunConfig | undefined> {
    const folder = await openFolder([root, name], false);
    if (folder === undefined || !(await readFile(folder, names.checkpoint))) return undefined;
    const text = await readText(folder, names.config);
    return text === undefined ? undefined : parseRunConfig(text, `${name}/${names.config}`);
  },
  /** The averaged weights as they were last saved. */
  async model(name: string): Promise<ModelFiles | undefined> {
    const folder = await openFolder([root, name, names.model], false);
    const config = folder && (await readFile(folder, configFile));
    const weights = folder && (await readFile(folder, weightsFile));
    return config && weights && { config, weights };
  },
  /** Images seen at the last checkpoint; 0 when there is none. */
  async images(name: string): Promise<number> {
    const folder = await openFolder([root, name], false);
    const images = await (folder &&
      readWith(folder, names.checkpoint, async (file) => {
        const { metadata } = await SafetensorsReader.open(blobSource(file), names.checkpoint);
        return Number(metadata.images ?? 0);
      }));
    return images ?? 0;
  },
  /** The lines of statistics so far. */
  async stats(name: string): Promise<(StatsLine & Record<string, unknown>)[]> {
    const folder = await openFolder([root, name], false);
    const text = (folder && (await readText(folder, names.stats))) ?? "";
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  },
  /** After how many images there are sheets of samples. */
  async sheets(name: string): Promise<number[]> {
    const folder = await openFolder([root, name, names.samples], false);
    return folder === undefined ? [] : (await namesIn(folder)).map(Number.parseFloat);
  },
  /** A sheet of samples, a PNG. */
  async sheet(name: string, images: number): Promise<Blob | undefined> {
    const folder = await openFolder([root, name, names.samples], false);
    return folder && readFile(folder, sheetName(images));
  },
  /** Removes a run with all that it holds. @throws PaletteError while it is being trained. */
  async remove(name: string): Promise<void> {
    const release = await lockRun(name);
    try {
      const folder = await openFolder([root], false);
      if (folder !== undefined) await remove(folder, name);
    } finally {
      release();
    }
  },
};

export class BrowserRun implements RunStore {
  readonly model: string;
  earlier: RunConfig | undefined;
  readonly #folder: Folder;
  readonly #release: () => void;
  #stats: string[] = [];
  #log = "";
  #logging = Promise.resolve();

  private constructor(name: string, folder: Folder, release: () => void) {
    this.model = `the model of "${name}" in this browser`;
    this.#folder = folder;
    this.#release = release;
  }

  /**
   * Opens or begins a run and locks it, so that no other tab trains it.
   * @throws PaletteError when the run has other settings or photos, is being trained elsewhere, or
   * the browser keeps no files.
   */
  static async open(
    name: string,
    config: RunConfig,
    photos: readonly PhotoRecord[] = [],
  ): Promise<BrowserRun> {
    const release = await lockRun(name);
    try {
      const run = new BrowserRun(name, await openFolder([root, name], true), release);
      await run.#adopt(name, config, photos);
      return run;
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  async #adopt(name: string, config: RunConfig, photos: readonly PhotoRecord[]): Promise<void> {
    const folder = this.#folder;
    this.earlier = await browserRuns.begun(name);
    if (this.earlier !== undefined) {
      const known = recordsSchema.safeParse(
        JSON.parse((await readText(folder, names.photos)) ?? "null"),
      );
      const changed = known.success ? photoChanges(known.data, photos) : undefined;
      const settings = conflicts(this.earlier, config);
      const all = changed === undefined ? settings : [`photos: ${changed}`, ...settings];
      if (all.length > 0) {
        throw new PaletteError(
          `The training "${name}" in this browser has other settings (${all.join("; ")}): give the same ones to continue, or discard it first.`,
        );
      }
    }
    this.#stats = ((await readText(folder, names.stats)) ?? "").split("\n").slice(0, -1);
    this.#log = (await readText(folder, names.log)) ?? "";
    await writeWhole(folder, names.photos, [JSON.stringify(photos)]);
    await writeWhole(folder, names.config, [`${JSON.stringify(config, undefined, 2)}\n`]);
  }

  async readCheckpoint(state: StateAccess): Promise<Counters | undefined> {
    const file = await readFile(this.#folder, names.checkpoint);
    if (file === undefined) return undefined;
    try {
      const reader = await SafetensorsReader.open(blobSource(file), "it");
      return await readCheckpointInto(state, reader, crc32);
    } catch (thrown) {
      const reason = thrown instanceof z.ZodError ? "it is no checkpoint" : reasonOf(thrown);
      throw new PaletteError(
        `The checkpoint in this browser is damaged (${reason}): begin another training with the model that was saved beside it.`,
        { cause: thrown },
      );
    }
  }

  async writeCheckpoint(state: StateAccess, counters: Counters): Promise<void> {
    const { tensors, metadata } = await checkpointParts(state, counters, crc32);
    await writeWhole(this.#folder, names.checkpoint, safetensors(tensors, metadata));
  }

  /** The weights come first, so that a folder with a config.json has weights. */
  async writeModel({ config, parameters }: Model): Promise<void> {
    const folder = await this.#folder.getDirectoryHandle(names.model, { create: true });
    const tensors = parameterSpecs(config.network).map((spec) => ({
      ...spec,
      data: () => readParameter(parameters, spec),
    }));
    await writeWhole(folder, weightsFile, safetensors(tensors));
    await writeWhole(folder, configFile, [`${JSON.stringify(config, undefined, 2)}\n`]);
  }

  async addStats(line: StatsLine & Record<string, unknown>): Promise<void> {
    this.#stats.push(JSON.stringify(line));
    await this.#writeStats();
  }

  /** Lines are on the disk as soon as they are added. */
  async syncStats(): Promise<void> {}

  async rewindStats(images: number): Promise<number | undefined> {
    const end = this.#stats.findIndex((line) => !(imagesIn(line) <= images));
    if (end >= 0) {
      this.#stats.length = end;
      await this.#writeStats();
    }
    const last = this.#stats.at(-1);
    return last === undefined ? undefined : imagesIn(last);
  }

  #writeStats(): Promise<void> {
    const lines = this.#stats.map((line) => `${line}\n`);
    return writeWhole(this.#folder, names.stats, [lines.join("")]);
  }

  async readClock(): Promise<number> {
    try {
      const text = await readText(this.#folder, names.clock);
      return clockSchema.parse(JSON.parse(text ?? "")).seconds;
    } catch {
      return 0;
    }
  }

  async writeClock(seconds: number): Promise<void> {
    await writeWhole(this.#folder, names.clock, [`${JSON.stringify({ seconds })}\n`]);
  }

  async hasSheet(images: number): Promise<boolean> {
    const folder = await this.#folder.getDirectoryHandle(names.samples, { create: true });
    return (await readFile(folder, sheetName(images))) !== undefined;
  }

  async writeSheet(images: number, sheet: Image): Promise<string> {
    const folder = await this.#folder.getDirectoryHandle(names.samples, { create: true });
    await writeWhole(folder, sheetName(images), [await canvasCodec.encode(sheet, "png")]);
    return sheetName(images);
  }

  log(line: string): void {
    this.#log += `${new Date().toISOString()} ${line}\n`;
    this.#logging = this.#logging
      .then(() => writeWhole(this.#folder, names.log, [this.#log]))
      // For people: what fills the disk is met, and told, where it matters.
      .catch(() => {});
  }

  async close(): Promise<void> {
    await this.#logging;
    this.#release();
  }
}

function sheetName(images: number): string {
  return `${String(images).padStart(6, "0")}.png`;
}

interface PendingTensor {
  readonly name: string;
  readonly shape: readonly number[];
  data(): Float32Array | Promise<Float32Array>;
}

async function* safetensors(
  tensors: readonly PendingTensor[],
  metadata?: Readonly<Record<string, string>>,
): AsyncGenerator<FilePart> {
  yield encodeHeader(tensors, metadata && { metadata });
  for (const tensor of tensors) yield storedBytes(tensor, await tensor.data(), "F32");
}

/** Of a line of statistics; not a number when it is damaged. */
function imagesIn(line: string): number {
  try {
    return imagesSchema.parse(JSON.parse(line)).images;
  } catch {
    return Number.NaN;
  }
}

/** Holds the run until it is released or the tab ends. @throws PaletteError when it is held. */
function lockRun(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`palette run ${name}`, { ifAvailable: true }, (lock) => {
        if (lock !== null) return new Promise<void>((release) => resolve(release));
        throw new PaletteError(
          `The training "${name}" is running in another tab of this browser: stop it there first.`,
        );
      })
      .catch(reject);
  });
}
