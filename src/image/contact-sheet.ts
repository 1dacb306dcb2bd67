/** Contact sheets: many small images on one, with labels. */
import { PaletteError } from "../util/errors.ts";
import type { PlacedText, TextRasterizer } from "./codec.ts";
import { createImage, type Image, paste } from "./image.ts";

export interface SheetRow {
  readonly images: readonly Image[];
  /** Written above the row. */
  readonly label?: string;
}

export interface SheetOptions {
  /** White space around every picture, in pixels of the sheet. */
  gap?: number;
  /** Written above the columns. */
  headings?: readonly string[];
  /** Each pixel becomes a square of this many: small pictures stay sharp and visible. */
  scale?: number;
}

const fontSize = 13;
const lineHeight = 18;
/** No letter of common sans-serif fonts is much wider than this on average. */
const letterWidth = 0.62 * fontSize;

/**
 * Lays the rows out in columns on white. Pictures may differ in size; a row may be shorter than
 * others. The sheet is as wide as its pictures, headings and labels need.
 * @throws PaletteError when there is no picture, or the scale or gap is not a whole number.
 */
export async function contactSheet(
  rows: readonly SheetRow[],
  text: TextRasterizer,
  { gap = 4, headings = [], scale = 1 }: SheetOptions = {},
): Promise<Image> {
  if (!Number.isInteger(scale) || scale < 1 || !Number.isInteger(gap) || gap < 0) {
    throw new PaletteError(
      "A contact sheet's scale and gap are whole numbers, the scale at least 1.",
    );
  }
  const columns = Math.max(0, ...rows.map((row) => row.images.length));
  if (columns === 0) throw new PaletteError("A contact sheet needs at least one picture.");

  const texts: PlacedText[] = [];
  const pictures: { image: Image; left: number; top: number }[] = [];
  const lefts = [gap];
  for (let c = 0; c < columns; c++) {
    const widths = rows.map((row) => (row.images[c]?.width ?? 0) * scale);
    const cell = Math.max(...widths, textWidth(headings[c] ?? ""));
    if (headings[c]) texts.push({ text: headings[c]!, left: lefts[c]!, top: gap });
    lefts.push(lefts[c]! + cell + gap);
  }
  let top = gap + (texts.length > 0 ? lineHeight : 0);
  for (const row of rows) {
    if (row.label) {
      texts.push({ text: row.label, left: gap, top });
      top += lineHeight;
    }
    row.images.forEach((image, c) => {
      pictures.push({ image, left: lefts[c]!, top });
    });
    top += Math.max(0, ...row.images.map((image) => image.height * scale)) + gap;
  }
  const width = Math.max(lefts[columns]!, ...texts.map((t) => t.left + textWidth(t.text) + gap));

  const sheet = createImage(width, top, 1);
  for (const { image, left, top: y } of pictures) paste(sheet, enlarge(image, scale), left, y);
  return texts.length === 0 ? sheet : text.drawText(sheet, texts, fontSize);
}

/** Every pixel becomes a square of `scale` x `scale`. */
export function enlarge(image: Image, scale: number): Image {
  if (scale === 1) return image;
  const out = createImage(image.width * scale, image.height * scale);
  for (let c = 0, i = 0; c < 3; c++) {
    for (let y = 0; y < out.height; y++) {
      const row = (c * image.height + Math.floor(y / scale)) * image.width;
      for (let x = 0; x < out.width; x++, i++)
        out.data[i] = image.data[row + Math.floor(x / scale)]!;
    }
  }
  return out;
}

function textWidth(text: string): number {
  return Math.ceil(text.length * letterWidth);
}
