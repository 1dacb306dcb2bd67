/** The photos and choices of the page's training, in the browser's storage beside its run. */
import { browserRuns } from "../../../web/training/index.ts";
import {
  namesIn,
  openFolder,
  readFile,
  readText,
  remove,
  writeWhole,
} from "../../../web/training/storage.ts";
import type { HeldOut, KeptTraining, TrainChoices } from "./messages.ts";

/** One training at a time. */
export const runName = "mine";
const root = "palette-training";
const [photosFolder, choicesFile, heldOutFile] = ["photos", "choices.json", "held-out.json"];

/** Its photos as files, in the order of their names. */
export async function keptPhotos(): Promise<File[]> {
  const folder = await openFolder([root, photosFolder], false);
  if (folder === undefined) return [];
  const names = await namesIn(folder);
  const files = await Promise.all(names.map((name) => readFile(folder, name)));
  return files.filter((file) => file !== undefined);
}

/** Keeps a photo; of equal names the later one gets a number. */
export async function keepPhoto(name: string, file: Blob): Promise<void> {
  const folder = await openFolder([root, photosFolder], true);
  const names = await namesIn(folder);
  const at = Math.max(0, name.lastIndexOf("."));
  let free = name;
  for (let k = 2; names.includes(free); k++) free = `${name.slice(0, at)} (${k})${name.slice(at)}`;
  await writeWhole(folder, free, [file]);
}

export async function keepChoices(choices: TrainChoices): Promise<void> {
  const folder = await openFolder([root], true);
  await writeWhole(folder, choicesFile, [JSON.stringify(choices)]);
}

export async function keepHeldOut(heldOut: HeldOut): Promise<void> {
  const folder = await openFolder([root], true);
  await writeWhole(folder, heldOutFile, [JSON.stringify(heldOut)]);
}

/** The training that can go on; undefined when nothing was trained yet. */
export async function keptTraining(): Promise<KeptTraining | undefined> {
  const folder = await openFolder([root], false);
  const text = folder && (await readText(folder, choicesFile));
  if (folder === undefined || text === undefined) return undefined;
  const images = await browserRuns.images(runName);
  if (images === 0) return undefined;
  const heldOut = await readText(folder, heldOutFile);
  return {
    choices: JSON.parse(text) as TrainChoices,
    images,
    ...(heldOut !== undefined && { heldOut: JSON.parse(heldOut) as HeldOut }),
  };
}

/** Photos, choices and run. */
export async function discardTraining(): Promise<void> {
  await browserRuns.remove(runName);
  const folder = await openFolder([], false);
  if (folder !== undefined) await remove(folder, root);
}
