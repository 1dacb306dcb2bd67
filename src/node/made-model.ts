/**
 * A model's folder as a command makes it: after a kill it is known as its own, and begun anew.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { configFile, type Model, weightsFile } from "../models/model.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { saveModel } from "./model-folder.ts";

/**
 * Saves the model in a folder that `claimFolder` has granted. Meanwhile the folder has a lock:
 * weights without a config.json beside a lock are what a killed command left.
 * @param busy what another process would be told that this one does
 * @throws PaletteError when the folder cannot be written, or another process is writing into it.
 */
export async function saveMadeModel(named: string, model: Model, busy: string): Promise<void> {
  const folder = named || ".";
  await makeFolder(folder).catch((thrown) => {
    throw new PaletteError(`Cannot create the folder ${folder}: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  });
  const lock = await lockFolder(folder, busy);
  try {
    await saveModel(folder, model);
  } catch (thrown) {
    // Weights alone would be in the way of the next time.
    if (!(await stat(join(folder, configFile)).catch(() => undefined)))
      await rm(join(folder, weightsFile), { force: true });
    throw thrown;
  } finally {
    await lock.release();
  }
}
