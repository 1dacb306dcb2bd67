/** The models that trainings begin with, found under Node. */
import { join } from "node:path";
import { weightsFile } from "../models/model.ts";
import { type WarmStart, warmStart } from "../training/warm-start.ts";
import { modelDigest } from "./fingerprint.ts";
import { findModel, openModel } from "./model-folder.ts";

/**
 * @param named a model's folder, or the name of a bundled one
 * @throws PaletteError when there is none
 */
export async function startWith(named: string): Promise<WarmStart> {
  const folder = await findModel(named);
  return warmStart({
    name: named,
    source: join(folder, weightsFile),
    ...(await openModel(folder)),
    digest: () => modelDigest(folder, [weightsFile]),
  });
}
