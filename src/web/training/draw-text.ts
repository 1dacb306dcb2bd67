/** Text on images, by the browser's canvas. */
import type { TextRasterizer } from "../../image/codec.ts";
import { fromBytes, toBytes } from "../../image/image.ts";
import { contextOf } from "../canvas-codec.ts";

/** See `TextRasterizer`. */
export const drawText: TextRasterizer["drawText"] = async (image, texts, fontSize) => {
  const { width, height } = image;
  const context = contextOf(width, height);
  const pixels = context.createImageData(width, height);
  const rgb = toBytes(image);
  pixels.data.fill(255);
  for (let i = 0; i < width * height; i++) pixels.data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  context.putImageData(pixels, 0, 0);
  context.font = `${fontSize}px sans-serif`;
  context.fillStyle = "#222";
  for (const { text, left, top } of texts) context.fillText(text, left, top + fontSize);
  const { data } = context.getImageData(0, 0, width, height);
  for (let i = 0; i < width * height; i++) rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return fromBytes(rgb, width, height);
};
