/** Text on images, as SVG by libvips. */
import type { PlacedText } from "../image/codec.ts";
import {
  contactSheet as layOut,
  type SheetOptions,
  type SheetRow,
} from "../image/contact-sheet.ts";
import { fromBytes, type Image } from "../image/image.ts";
import { escapeHtml } from "../util/html.ts";
import { fromImage, toRaw } from "./sharp.ts";

/** See `TextRasterizer`. */
export async function drawText(
  image: Image,
  texts: readonly PlacedText[],
  fontSize: number,
): Promise<Image> {
  const lines = texts.map(
    ({ text, left, top }) => `<text x="${left}" y="${top + fontSize}">${escapeHtml(text)}</text>`,
  );
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${image.width}" height="${image.height}" ` +
    `font-family="sans-serif" font-size="${fontSize}" fill="#222">${lines.join("")}</svg>`;
  const pipeline = fromImage(image).composite([{ input: Buffer.from(svg), left: 0, top: 0 }]);
  const { rgb, width, height } = await toRaw(pipeline.removeAlpha());
  return fromBytes(rgb, width, height);
}

/** The contact sheet of image/contact-sheet.ts, with Node's letters. */
export function contactSheet(rows: readonly SheetRow[], options?: SheetOptions): Promise<Image> {
  return layOut(rows, { drawText }, options);
}
