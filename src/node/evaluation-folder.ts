/** An evaluation on disk: one folder, written by one process at a time. */
import { access, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvaluationStore } from "../evaluation/platform.ts";
import { settingsFile } from "../evaluation/protocol/files.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { lockFile, lockFolder } from "./folder-lock.ts";

export interface EvaluationFolder extends EvaluationStore {
  /** Releases the folder for other processes. */
  close(): Promise<void>;
}

/**
 * Opens or creates the folder and locks it.
 * @throws PaletteError when it belongs to something else or to an evaluation under way.
 */
export async function openEvaluationFolder(path: string): Promise<EvaluationFolder> {
  await mkdir(path, { recursive: true }).catch((thrown) => {
    throw new PaletteError(`Cannot create the folder ${path}: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  });
  const lock = await lockFolder(path, "evaluating");
  const has = (name: string) =>
    access(join(path, name)).then(
      () => true,
      () => false,
    );
  // A kill while settings.json was being written leaves a name with a dot in front.
  const others = (await readdir(path)).filter((name) => name !== lockFile && name[0] !== ".");
  if (others.length > 0 && !(await has(settingsFile))) {
    await lock.release();
    throw new PaletteError(
      `${path} is not the folder of an evaluation (it holds ${others[0]}): choose another -o.`,
    );
  }
  return {
    place: path,
    has,
    read: (name) => readFile(join(path, name)).catch(missing),
    write: (name, content) => writeAtomically(join(path, name), content),
    close: () => lock.release(),
  };
}

function missing(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code !== "ENOENT") {
    throw new PaletteError(`A file of the evaluation cannot be read: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  }
}
