/** A model among files that were dropped on a page or chosen: a folder's, or one zip. */
import { type Unzipped, unzipSync } from "fflate";
import { configFile, weightsFile } from "../models/model.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

interface Found {
  /** config.json */
  readonly text: string;
  /** weights.safetensors, and what to call it. */
  readonly weights: Blob;
  readonly name: string;
}

const wanted = `drop a model's folder with ${configFile} and ${weightsFile}, or a zip of it`;

/** @throws PaletteError unless exactly one model is among them. */
export async function modelFiles(files: readonly File[]): Promise<Found> {
  const [only] = files;
  if (files.length === 1 && only !== undefined && /\.zip$/i.test(only.name)) {
    return found(await unpacked(only));
  }
  return found(new Map(files.map((file) => [pathOf(file), file])));
}

function pathOf(file: File): string {
  return file.webkitRelativePath === "" ? file.name : file.webkitRelativePath;
}

/** The files of a model in a zip, by path. */
async function unpacked(zip: File): Promise<Map<string, Blob>> {
  let files: Unzipped;
  try {
    files = unzipSync(new Uint8Array(await zip.arrayBuffer()), {
      filter: ({ name }) => name.endsWith(configFile) || name.endsWith(weightsFile),
    });
  } catch (thrown) {
    throw new PaletteError(
      `${zip.name} is no zip that can be read (${reasonOf(thrown)}): ${wanted}.`,
    );
  }
  return new Map(
    Object.entries(files).map(([path, bytes]) => [
      path,
      new Blob([bytes as Uint8Array<ArrayBuffer>]),
    ]),
  );
}

async function found(files: ReadonlyMap<string, Blob>): Promise<Found> {
  const folders = [...files.keys()]
    .filter((path) => path === configFile || path.endsWith(`/${configFile}`))
    .map((path) => path.slice(0, -configFile.length))
    .filter((folder) => files.has(`${folder}${weightsFile}`));
  const [folder] = folders;
  if (folder === undefined) throw new PaletteError(`There is no model in it: ${wanted}.`);
  if (folders.length > 1) {
    throw new PaletteError(
      `There are ${folders.length} models in it (${folders.join(", ")}): drop one.`,
    );
  }
  const [config, weights] = [configFile, weightsFile].map((file) => files.get(`${folder}${file}`)!);
  return { text: await config!.text(), weights: weights!, name: `${folder}${weightsFile}` };
}
