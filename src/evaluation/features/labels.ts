/** Which class a photo shows, by its name: `n01440764_tench.jpg` or `n01440764/photo.JPEG`. */
import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { PaletteError, reasonOf } from "../../util/errors.ts";

/**
 * Reads a list of classes (line k is "wnid words" of class k) as wnid -> k.
 * @throws PaletteError when the file cannot be read or is not such a list of `classes` lines.
 */
export async function readLabels(path: string, classes: number): Promise<Map<string, number>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    throw new PaletteError(`Cannot read the list of classes ${path}: ${reasonOf(thrown)}.`);
  }
  const lines = text.trimEnd().split(/\r?\n/);
  const labels = new Map<string, number>();
  for (const [k, line] of lines.entries()) {
    const wnid = /^n\d{8}(?= |$)/.exec(line)?.[0];
    if (wnid === undefined) {
      throw new PaletteError(
        `${path}, line ${k + 1}: a class is given as "n01440764 words"; this is not the list of classes.`,
      );
    }
    labels.set(wnid, k);
  }
  if (labels.size !== classes || lines.length !== classes) {
    throw new PaletteError(
      `${path} lists ${labels.size} classes, but the network has ${classes}; use the list that belongs to it.`,
    );
  }
  return labels;
}

/** The wnid a file's name begins with, or else its folder's; undefined when neither does. */
export function wnidOf(path: string): string | undefined {
  const wnid = /^n\d{8}(?!\d)/;
  const whole = resolve(path);
  return (wnid.exec(basename(whole)) ?? wnid.exec(basename(dirname(whole))))?.[0];
}
