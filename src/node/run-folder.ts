/**
 * A run on disk: config.json, photos.tsv, stats.jsonl, log.txt, samples/NNNNNN.png,
 * checkpoint.safetensors, model/ (the averaged weights, for use), clock.json and, where the
 * average's length is to be chosen later, averages/. Continuing is opening the same folder again.
 */
import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { PhotoRecord } from "../data/photo-reader.ts";
import type { Image } from "../image/image.ts";
import type { Model } from "../models/model.ts";
import { photoChanges } from "../training/photo-changes.ts";
import type { Counters, RunStore, StateAccess, StatsLine } from "../training/platform.ts";
import { conflicts, parseRunConfig, type RunConfig } from "../training/run-config.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { counted } from "../util/format.ts";
import { writeAtomically } from "./atomic-write.ts";
import { writeImage } from "./encode-image.ts";
import { type Lock, lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { loadModelConfig, saveModel } from "./model-folder.ts";
import { claimFolder, folderKinds } from "./output-rule.ts";
import { photoList, photosIn } from "./photo-list.ts";
import { readIfThere } from "./regular-file.ts";
import { RunRecords } from "./run-records.ts";
import { SnapshotFolder } from "./snapshot-folder.ts";
import { readCheckpoint, writeCheckpoint } from "./training-checkpoint.ts";

const names = {
  averages: "averages",
  config: "config.json",
  photos: "photos.tsv",
  samples: "samples",
  checkpoint: "checkpoint.safetensors",
  clock: "clock.json",
  model: "model",
} as const;

const clockSchema = z.object({ seconds: z.number().min(0) });

export class RunFolder implements RunStore {
  readonly path: string;
  /** The configuration of the run that goes on; undefined when nothing was trained here yet. */
  earlier: RunConfig | undefined;
  readonly snapshots: SnapshotFolder;
  private readonly lock: Lock;
  private readonly records: RunRecords;

  private constructor(path: string, lock: Lock) {
    this.path = path;
    this.records = new RunRecords(path);
    this.lock = lock;
    this.snapshots = RunFolder.snapshotsIn(path);
  }

  /**
   * Opens or creates the folder of a run and locks it.
   * @param photos all photos of the run, kept to tell later which have changed
   * @throws PaletteError when the folder holds something else, a run with other settings (they are
   * named), a training under way, or a run without its checkpoint.
   */
  static async open(
    path: string,
    config: RunConfig,
    photos?: readonly PhotoRecord[],
  ): Promise<RunFolder> {
    await claimFolder(path, folderKinds.run);
    try {
      await makeFolder(path);
    } catch (thrown) {
      throw new PaletteError(`Cannot create the run folder ${path}: ${reasonOf(thrown)}.`, {
        cause: thrown,
      });
    }
    const lock = await lockFolder(path);
    const folder = new RunFolder(path, lock);
    try {
      await folder.adopt(config, photos);
      return folder;
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
  }

  /** The configuration of the run in a folder; undefined when there is none. */
  static async configIn(path: string): Promise<RunConfig | undefined> {
    const file = join(path, names.config);
    const text = await readIfThere(file);
    return text === undefined ? undefined : parseRunConfig(text, file);
  }

  /** The same, of a run that has trained something. */
  static async begunIn(path: string): Promise<RunConfig | undefined> {
    return (await isThere(join(path, names.checkpoint))) ? RunFolder.configIn(path) : undefined;
  }

  /** The snapshots of the run in a folder. */
  static snapshotsIn(path: string): SnapshotFolder {
    return new SnapshotFolder(join(path, names.averages));
  }

  /** The checkpoint of the run in a folder. */
  static checkpointIn(path: string): string {
    return join(path, names.checkpoint);
  }

  get checkpoint(): string {
    return RunFolder.checkpointIn(this.path);
  }

  get model(): string {
    return join(this.path, names.model);
  }

  readCheckpoint(state: StateAccess): Promise<Counters | undefined> {
    return readCheckpoint(this.checkpoint, state);
  }

  async writeCheckpoint(state: StateAccess, counters: Counters): Promise<void> {
    await this.lock.assertHeld();
    await writeCheckpoint(this.checkpoint, state, counters);
  }

  writeModel(model: Model): Promise<void> {
    return saveModel(this.model, model);
  }

  /** The path of the sheet of samples made after so many images. */
  private sheet(images: number): string {
    return join(this.path, names.samples, `${String(images).padStart(6, "0")}.png`);
  }

  async hasSheet(images: number): Promise<boolean> {
    return isThere(this.sheet(images));
  }

  async writeSheet(images: number, sheet: Image): Promise<string> {
    const path = this.sheet(images);
    await writeImage(path, sheet);
    return path;
  }

  log(line: string): void {
    this.records.log(line);
  }

  addStats(line: StatsLine & Record<string, unknown>): Promise<void> {
    return this.records.add(line);
  }

  syncStats(): Promise<void> {
    return this.records.sync();
  }

  rewindStats(images: number): Promise<number | undefined> {
    return this.records.rewind(images);
  }

  /** Seconds of training up to the checkpoint, which itself does not depend on the clock. */
  async readClock(): Promise<number> {
    const text = await readIfThere(join(this.path, names.clock));
    try {
      return clockSchema.parse(JSON.parse(text ?? "")).seconds;
    } catch {
      return 0;
    }
  }

  async writeClock(seconds: number): Promise<void> {
    await writeAtomically(join(this.path, names.clock), `${JSON.stringify({ seconds })}\n`);
  }

  async close(): Promise<void> {
    await this.lock.release();
  }

  /** Compares or writes the configuration, and removes what a killed process left half written. */
  private async adopt(config: RunConfig, photos?: readonly PhotoRecord[]): Promise<void> {
    this.earlier = await RunFolder.begunIn(this.path);
    if (this.earlier !== undefined) {
      await this.assertSame(this.earlier, config, photos);
    }
    if (!(await isThere(this.checkpoint)) && (await this.wasSaved())) {
      throw new PaletteError(
        `${this.path} was trained in, but its ${names.checkpoint} is gone, so the run cannot go on: restore it from a copy, or begin with its weights in another --out, by --from ${this.model}.`,
      );
    }
    const inside = [names.model, names.samples, names.averages].map((name) =>
      join(this.path, name),
    );
    for (const folder of [this.path, ...inside]) {
      for (const name of await contents(folder)) {
        if (/^\..+\.[0-9a-f]{12}\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
      }
    }
    if (photos) await writeAtomically(join(this.path, names.photos), photoList(photos));
    const text = `${JSON.stringify(config, undefined, 2)}\n`;
    await writeAtomically(join(this.path, names.config), text);
  }

  /** @throws PaletteError naming the settings and photos that are others than those of the run. */
  private async assertSame(
    earlier: RunConfig,
    config: RunConfig,
    photos: readonly PhotoRecord[] | undefined,
  ): Promise<void> {
    const list = await readIfThere(join(this.path, names.photos));
    const known = list === undefined ? undefined : photosIn(list);
    const changed = known && photos && photoChanges(known, photos);
    const moved = earlier.photos.digests.join() !== config.photos.digests.join();
    // A photo that was edited in place may have its old size, by which digests know it.
    const others = moved || changed !== undefined;
    // Their numbers and weights follow from the photos.
    const follows = /^photos\.(training|heldOut|digests|weights\.folders)\b/;
    const settings = conflicts(earlier, config).filter((line) => !(others && follows.test(line)));
    if (settings.length === 0 && !others) return;
    const changes =
      known === undefined || photos === undefined
        ? `${counted(allPhotos(earlier))} then, ${counted(allPhotos(config))} now; which ones was not recorded`
        : (changed ?? "the same photos in other folders");
    const different =
      settings.length === 0
        ? `photos (${changes})`
        : `settings (${[...settings, ...(others ? [`photos: ${changes}`] : [])].join("; ")})`;
    throw new PaletteError(
      `${this.path} is a run with other ${different}: give the same ones to continue, or begin a new run with these weights, by --from ${this.model} and another --out.`,
    );
  }

  /** Whether there was a checkpoint: the clock and a trained model are written after it alone. */
  private async wasSaved(): Promise<boolean> {
    if ((await this.readClock()) > 0) return true;
    const trained = (await contents(this.model)).includes(names.config);
    return trained && ((await loadModelConfig(this.model)).training?.images ?? 0) > 0;
  }
}

function allPhotos({ photos }: RunConfig): number {
  return photos.training + photos.heldOut;
}

/** The names in a folder; none when it does not exist. */
async function contents(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return [];
    throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  }
}

/** Whether there is such a file, be it readable or not. */
async function isThere(path: string): Promise<boolean> {
  const failure = await access(path).catch((thrown: NodeJS.ErrnoException) => thrown);
  return failure?.code !== "ENOENT";
}
