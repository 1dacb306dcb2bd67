/**
 * An evaluation on disk: settings.json, `pictures/` (what was answered, for the eye and for other
 * tools), seconds.json and the report. Pictures depend on nothing but the settings and the name of
 * their folder, so that the same command continues, and one with further models, steps or tasks
 * finds done what is done.
 */
import { access, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CropScale } from "../data/crop-scale.ts";
import { writeAtomically } from "../node/atomic-write.ts";
import { type Lock, lockFile, lockFolder } from "../node/folder-lock.ts";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

/** What all pictures of the folder have in common. */
export interface CommonSettings {
  readonly format: 1;
  readonly photos: number;
  readonly digest: string;
  readonly holdOut: string;
  readonly crop: string;
  /** Of random crops; absent for "half..full". */
  readonly cropScale?: CropScale;
  /** Then the photos are taken in another order; absent otherwise. */
  readonly fewerCropsThanPhotos?: true;
  readonly resolution: number;
  readonly seed: number;
}

/** Time spent on a row, of all sittings together. */
export interface Spent {
  readonly seconds: number;
  readonly images: number;
}

const names = { settings: "settings.json", seconds: "seconds.json" } as const;

export class EvaluationFolder {
  readonly path: string;
  private readonly lock: Lock;
  private readonly times: Record<string, Spent>;

  private constructor(path: string, lock: Lock, times: Record<string, Spent>) {
    this.path = path;
    this.lock = lock;
    this.times = times;
  }

  /**
   * Opens or creates the folder and locks it.
   * @throws PaletteError when it belongs to something else, to an evaluation of other pictures (the
   * differences are named) or to one under way.
   */
  static async open(path: string, settings: CommonSettings): Promise<EvaluationFolder> {
    try {
      await mkdir(path, { recursive: true });
    } catch (thrown) {
      throw new PaletteError(`Cannot create the folder ${path}: ${reasonOf(thrown)}.`, {
        cause: thrown,
      });
    }
    const lock = await lockFolder(path, "evaluating");
    try {
      await adopt(path, settings);
      return new EvaluationFolder(path, lock, await readTimes(join(path, names.seconds)));
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
  }

  /** Where picture `index` (from 0) of a row is, and which of its samples (from 0). */
  picture(condition: string, row: string, index: number, sample = 0): string {
    return join(this.path, "pictures", condition, row, pictureName(index, sample));
  }

  /** Whether all these files are there. */
  async have(paths: readonly string[]): Promise<boolean> {
    const found = await Promise.all(
      paths.map((path) =>
        access(path).then(
          () => true,
          () => false,
        ),
      ),
    );
    return found.every((there) => there);
  }

  /** Time spent on each row, by "condition/row". */
  get spent(): Readonly<Record<string, Spent>> {
    return this.times;
  }

  async addTime(condition: string, row: string, { seconds, images }: Spent): Promise<void> {
    const name = `${condition}/${row}`;
    const before = this.times[name] ?? { seconds: 0, images: 0 };
    this.times[name] = { seconds: before.seconds + seconds, images: before.images + images };
    await this.write(names.seconds, `${JSON.stringify(this.times, undefined, 2)}\n`);
  }

  /** Writes a file of the report. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name);
    await writeAtomically(path, content);
    return path;
  }

  async close(): Promise<void> {
    await this.lock.release();
  }
}

/** "00001.png", and "00001-2.png" for a second sample. */
export function pictureName(index: number, sample = 0): string {
  const number = String(index + 1).padStart(5, "0");
  return sample === 0 ? `${number}.png` : `${number}-${sample + 1}.png`;
}

async function adopt(path: string, settings: CommonSettings): Promise<void> {
  const file = join(path, names.settings);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) {
    // A kill while settings.json was being written leaves a name with a dot in front.
    const stranger = (await readdir(path)).find(
      (name) => name !== lockFile && !name.startsWith("."),
    );
    if (stranger !== undefined) {
      throw new PaletteError(
        `${path} is not the folder of an evaluation (it holds ${stranger}): choose another -o.`,
      );
    }
    await writeAtomically(file, `${JSON.stringify(settings, undefined, 2)}\n`);
    return;
  }
  const changed = configDiff(parse(text, file), settings);
  if (changed.length > 0) {
    throw new PaletteError(
      `${path} holds an evaluation of other pictures (${changed.join("; ")}): give the same settings to continue, or choose another -o.`,
    );
  }
}

function parse(text: string, file: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below, as what else is wrong with it.
  }
  throw new PaletteError(`${file} is damaged: choose another -o, or delete the folder.`);
}

/** Lost times are not worth failing for: they are measured again where something is left to do. */
async function readTimes(path: string): Promise<Record<string, Spent>> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Record<string, Spent>;
  } catch {
    return {};
  }
}
