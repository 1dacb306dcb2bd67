/** A model's folder as an import writes it: after a kill it is known as its own, and begun anew. */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { configFile, type Model, weightsFile } from "../models/model.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { lockFolder } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";
import { saveModel } from "./model-folder.ts";

/**
 * Saves the model in a folder that `claimFolder` has granted. Meanwhile the folder has a lock:
 * weights without a config.json beside a lock are what a killed import left.
 * @throws PaletteError when the folder cannot be written, or another process is importing into it.
 */
export async function saveImported(named: string, model: Model): Promise<void> {
  const folder = named || ".";
  await makeFolder(folder).catch((thrown) => {
    throw new PaletteError(`Cannot create the folder ${folder}: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  });
  const lock = await lockFolder(folder, "importing");
  try {
    await saveModel(folder, model);
  } catch (thrown) {
    // Weights alone would be in the way of the next import.
    if (!(await stat(join(folder, configFile)).catch(() => undefined)))
      await rm(join(folder, weightsFile), { force: true });
    throw thrown;
  } finally {
    await lock.release();
  }
}
