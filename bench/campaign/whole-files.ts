/** Whether files are whole: each is decoded or parsed as its name says. */
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import ort from "onnxruntime-node";
import sharp from "sharp";
import { loadModel, loadModelConfig } from "../../src/node/model-folder.ts";
import { openSafetensors } from "../../src/node/safetensors-file.ts";
import { reasonOf } from "../../src/util/errors.ts";

/** A temporary name: what a killed process may leave, and a living one may not. */
export const isTemporary = (name: string) => /^\..*\.tmp$/.test(name);

/** All files below a folder, as paths from there; links are not followed. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      found.push(...(await filesBelow(path)).map((name) => join(entry.name, name)));
    else if (entry.isFile()) found.push(entry.name);
  }
  return found.sort();
}

/**
 * The files below a folder that are not whole, each with the reason; temporary ones are passed
 * over.
 */
export async function halfFiles(folder: string): Promise<string[]> {
  const faults: string[] = [];
  for (const name of await filesBelow(folder)) {
    if (isTemporary(name.split("/").at(-1) ?? "")) continue;
    const path = join(folder, name);
    try {
      await checkWhole(path);
    } catch (error) {
      faults.push(`${relative(folder, path)}: ${reasonOf(error)}`);
    }
  }
  return faults;
}

async function checkWhole(path: string): Promise<void> {
  const ending = extname(path).toLowerCase();
  if ([".png", ".jpg", ".jpeg", ".webp", ".avif"].includes(ending)) {
    await sharp(path, { failOn: "truncated" }).stats();
  } else if (ending === ".json") {
    JSON.parse(await readFile(path, "utf8"));
    if (await isModel(dirname(path))) await loadModel(dirname(path));
  } else if (ending === ".jsonl") {
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
    for (const line of lines) JSON.parse(line);
  } else if (ending === ".html") {
    if (!(await readFile(path, "utf8")).trimEnd().endsWith("</html>")) throw new Error("cut short");
  } else if (ending === ".onnx") {
    const session = await ort.InferenceSession.create(await readFile(path));
    await session.release();
  } else if (ending === ".safetensors") {
    const file = await openSafetensors(path);
    for (const place of file.places.values()) await file.read(place);
    await file.close();
  }
}

/** Whether a folder has a model's config.json, which promises its weights. */
async function isModel(folder: string): Promise<boolean> {
  if ((await stat(join(folder, "weights.safetensors")).catch(() => undefined)) === undefined)
    return false;
  return loadModelConfig(folder).then(
    () => true,
    () => false,
  );
}
