/** An evaluation on disk: one folder, written by one process at a time. */
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvaluationStore } from "../evaluation/platform.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { claimFolder, folderKinds } from "./output-rule.ts";

export interface EvaluationFolder extends EvaluationStore {
  /** Releases the folder for other processes. */
  close(): Promise<void>;
}

export interface EvaluationFolderOptions {
  /**
   * Whether others may work in the folder meanwhile, each on pictures of its own; not unless given.
   */
  readonly shared?: boolean;
}

/**
 * Opens or creates the folder and locks it unless it is shared.
 * @throws PaletteError when it belongs to something else or to an evaluation under way.
 */
export async function openEvaluationFolder(
  path: string,
  { shared = false }: EvaluationFolderOptions = {},
): Promise<EvaluationFolder> {
  await claimFolder(path, folderKinds.evaluation);
  await makeFolder(path).catch((thrown) => {
    throw new PaletteError(`Cannot create the folder ${path}: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  });
  const lock = shared ? undefined : await lockFolder(path, "evaluating");
  const has = (name: string) =>
    access(join(path, name)).then(
      () => true,
      () => false,
    );
  return {
    place: path,
    has,
    numbered: async (below) => {
      const names = await readdir(join(path, below)).catch((): string[] => []);
      const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
      return numbers.map(Number).sort((a, b) => a - b);
    },
    read: (name) => readFile(join(path, name)).catch(missing),
    write: (name, content) => writeAtomically(join(path, name), content),
    close: async () => lock?.release(),
  };
}

function missing(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code !== "ENOENT") {
    throw new PaletteError(`A file of the evaluation cannot be read: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  }
}
