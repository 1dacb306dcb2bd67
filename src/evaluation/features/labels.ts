/** The class of a photo by its name: `n01440764_tench.jpg` or `n01440764/photo.JPEG`. */
import { PaletteError } from "../../util/errors.ts";

/**
 * Parses a list of classes (line k is "wnid words" of class k) as wnid -> k.
 * @throws PaletteError when the text is not such a list of `classes` lines.
 */
export function parseLabels(text: string, classes: number, path: string): Map<string, number> {
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

/** The wnid at the start of a file's name, or else of its folder's; undefined without one. */
export function wnidOf(path: string): string | undefined {
  const [folder = "", file = ""] = ["", ...path.split(/[/\\]/)].slice(-2);
  const wnid = /^n\d{8}(?!\d)/;
  return (wnid.exec(file) ?? wnid.exec(folder))?.[0];
}
