/** The class of a photo by its name: `n01440764_tench.jpg` or `n01440764/photo.JPEG`. */
import { PaletteError } from "../../util/errors.ts";

/**
 * Parses a list of classes (line k is "wnid words" of class k) as wnid -> k.
 * @throws PaletteError when the text is not such a list of `classes` lines.
 */
export function parseLabels(text: string, classes: number, path: string): Map<string, number> {
  const lines = text.trimEnd().split(/\r?\n/);
  const labels = new Map(lines.map((line, k) => [/^n\d{8}(?= |$)/.exec(line)?.[0] ?? "", k]));
  if (lines.length !== classes) {
    throw new PaletteError(
      `${path} lists ${lines.length} classes, but the network has ${classes}: take the list that belongs to it.`,
    );
  }
  if (labels.has("") || labels.size !== classes) {
    throw new PaletteError(
      `${path} is not the list of the network's ${classes} classes, a line "n01440764 words" each.`,
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
