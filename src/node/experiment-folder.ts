/**
 * An experiment on disk: `experiment.json`, `trainings/KEY/IMAGES/` (run folders), `sets/KEY/`
 * (what was measured), `parts/` (answers of the set under way), and the pages. Several processes
 * may work in it: each training and each set has its lock.
 */
import { cp, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import type { ExperimentStore } from "../experiment/answers.ts";
import type { Measures } from "../experiment/metrics.ts";
import { type PlannedSet, type PlannedTraining, trainingId } from "../experiment/planned.ts";
import { type ExperimentRecords, experimentFile, parseRecords } from "../experiment/records.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { FolderInUse, type Lock, lockFile, lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { claimFolder, folderKinds } from "./output-rule.ts";
import { RunFolder } from "./run-folder.ts";

const doneFile = "done.json";
const takenOverFile = "taken-over.json";
const measuresFile = "measures.json";

/** Of a training that has reached its images. */
const doneSchema = z.strictObject({
  label: z.string(),
  images: z.int(),
  /** Of these the training itself has seen; the others came with a shorter one. */
  trained: z.int(),
  /** Those of the images that it has seen itself, and of all. */
  seconds: z.number(),
  total: z.number(),
});

const takenOverSchema = z.strictObject({ images: z.int(), seconds: z.number() });

export type TakenOver = z.infer<typeof takenOverSchema>;

export type TrainingDone = z.infer<typeof doneSchema>;

const measureSchema = z.strictObject({
  // JSON has no NaN.
  value: z
    .number()
    .nullable()
    .transform((value) => value ?? Number.NaN),
  replicates: z.array(
    z
      .number()
      .nullable()
      .transform((value) => value ?? Number.NaN),
  ),
});

const setSchema = z.strictObject({
  label: z.string(),
  samples: z.int(),
  fid: z.boolean(),
  measures: z.record(z.string(), measureSchema),
  spent: z.strictObject({
    calls: z.number(),
    answering: z.number(),
    pictures: z.number(),
    measuring: z.number(),
  }),
});

export type MeasuredSet = Omit<z.infer<typeof setSchema>, "measures"> & {
  readonly measures: Measures;
};

export class ExperimentFolder implements ExperimentStore {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws PaletteError when it belongs to something else. */
  static async open(path: string): Promise<ExperimentFolder> {
    await claimFolder(path, folderKinds.experiment);
    await makeFolder(path).catch((thrown) => {
      throw new PaletteError(`Cannot create the folder ${path}: ${reasonOf(thrown)}.`, {
        cause: thrown,
      });
    });
    return new ExperimentFolder(path);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return readFile(join(this.path, name)).catch(missing);
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    await writeAtomically(join(this.path, name), content);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { recursive: true, force: true });
  }

  async records(): Promise<ExperimentRecords> {
    const text = await this.text(experimentFile);
    return parseRecords(text, join(this.path, experimentFile));
  }

  async writeRecords(records: ExperimentRecords): Promise<void> {
    await this.write(experimentFile, json(records));
  }

  runFolder(training: PlannedTraining): string {
    return join(this.path, "trainings", trainingId(training));
  }

  async trainingDone(training: PlannedTraining): Promise<TrainingDone | undefined> {
    return parsed(doneSchema, await this.text(doneName(training)));
  }

  async writeTrainingDone(training: PlannedTraining, done: TrainingDone): Promise<void> {
    await this.write(doneName(training), json(done));
  }

  /** What was measured of a set, if it is all that is wanted. */
  async measured({ key, samples, fid }: PlannedSet): Promise<MeasuredSet | undefined> {
    const found = parsed(setSchema, await this.text(join("sets", key, measuresFile)));
    if (found === undefined || found.samples < samples || (fid && !found.fid)) return undefined;
    return found as MeasuredSet;
  }

  async writeMeasured({ key }: PlannedSet, set: MeasuredSet): Promise<void> {
    await this.write(join("sets", key, measuresFile), `${JSON.stringify(set)}\n`);
  }

  /** Undefined while another process works on it. */
  async lock(kind: "trainings" | "sets", key: string): Promise<Lock | undefined> {
    const folder = join(this.path, kind, key);
    await makeFolder(folder);
    return lockFolder(folder, "experimenting").catch((thrown) => {
      if (thrown instanceof FolderInUse) return undefined;
      throw thrown;
    });
  }

  /**
   * Gives a training that has not begun what a shorter one with the same settings has come to.
   * @returns the images and seconds that it takes over
   */
  async startFromShorter(training: PlannedTraining): Promise<TakenOver> {
    const own = this.runFolder(training);
    const nothing = { images: 0, seconds: 0 };
    if ((await RunFolder.begunIn(own)) === undefined) {
      const names = await readdir(join(this.path, "trainings", training.key)).catch(() => []);
      const shorter = names.map(Number).filter((images) => images < training.images);
      for (const images of shorter.sort((a, b) => b - a)) {
        const done = await this.trainingDone({ ...training, images });
        if (done !== undefined) await this.copyRun({ ...training, images }, own, done);
        if (done !== undefined) break;
      }
    }
    const name = join("trainings", trainingId(training), takenOverFile);
    return parsed(takenOverSchema, await this.text(name)) ?? nothing;
  }

  private async copyRun(from: PlannedTraining, own: string, { images, total }: TrainingDone) {
    const copy = `${own}.copy`;
    await rm(copy, { recursive: true, force: true });
    const left = new Set([doneFile, lockFile, takenOverFile]);
    const filter = (source: string) => !left.has(basename(source));
    await cp(this.runFolder(from), copy, { recursive: true, filter });
    await writeAtomically(join(copy, takenOverFile), json({ images, seconds: total }));
    await rm(own, { recursive: true, force: true });
    await rename(copy, own);
  }

  private async text(name: string): Promise<string | undefined> {
    const file = await this.read(name);
    return file && new TextDecoder().decode(file);
  }
}

function doneName(training: PlannedTraining): string {
  return join("trainings", trainingId(training), doneFile);
}

/** Damaged or of another version: it is made again. */
function parsed<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function missing(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code === "ENOENT") return undefined;
  throw new PaletteError(`A file of the experiment cannot be read: ${reasonOf(thrown)}.`, {
    cause: thrown,
  });
}
