/** Image files in a browser: decoded and encoded by its canvas. */
import {
  checkJpegQuality,
  checkQuality,
  type DecodedImage,
  type DecodeOptions,
  type EncodeOptions,
  type ImageCodec,
  type ImageFormat,
} from "../image/codec.ts";
import { fromBytes, type Image } from "../image/image.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

/** Of a large picture, what is between canvas and array at a time. */
const stripRows = 256;

function stripsOf(height: number): { readonly top: number; readonly rows: number }[] {
  return Array.from({ length: Math.ceil(height / stripRows) }, (_, k) => {
    const top = k * stripRows;
    return { top, rows: Math.min(stripRows, height - top) };
  });
}

/** The browser's own JPEG encoder: its files differ a little between browsers, and from Node's. */
export const canvasCodec: ImageCodec = {
  decode,
  encode,
  async jpegRoundTrip(image, quality) {
    checkJpegQuality(quality);
    const { rgb, width, height } = await decode(await encode(image, "jpeg", { quality }));
    return fromBytes(rgb, width, height);
  },
};

async function decode(
  file: Uint8Array,
  { background = "white" }: DecodeOptions = {},
): Promise<DecodedImage> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([file.slice()]));
  } catch (thrown) {
    throw new PaletteError(`This is not an image the browser reads (${reasonOf(thrown)}).`);
  }
  const { width, height } = bitmap;
  const rgb = new Uint8Array(3 * width * height);
  let alpha: Uint8Array | undefined;
  const context = contextOf(width, Math.min(height, stripRows));
  context.fillStyle = background;
  for (const { top, rows } of stripsOf(height)) {
    context.clearRect(0, 0, width, rows);
    if (background !== "none") context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const { data } = context.getImageData(0, 0, width, rows);
    for (let k = 0, i = top * width; k < data.length; k += 4, i++) {
      rgb[3 * i] = data[k]!;
      rgb[3 * i + 1] = data[k + 1]!;
      rgb[3 * i + 2] = data[k + 2]!;
      const opacity = data[k + 3]!;
      if (opacity === 255) continue;
      alpha ??= new Uint8Array(width * height).fill(255);
      alpha[i] = opacity;
    }
  }
  bitmap.close();
  return alpha === undefined ? { width, height, rgb } : { width, height, rgb, alpha };
}

async function encode(
  image: Image,
  format: ImageFormat,
  { alpha, quality }: EncodeOptions = {},
): Promise<Uint8Array> {
  checkQuality(quality, format);
  const { width, height } = image;
  const context = contextOf(width, height);
  for (const { top, rows } of stripsOf(height)) {
    const pixels = context.createImageData(width, rows);
    const { data } = pixels;
    for (let k = 0, i = top * width; k < data.length; k += 4, i++) {
      // JPEG has no opacity: white shines through.
      const opacity = alpha?.[i] ?? 255;
      for (let c = 0; c < 3; c++) {
        // Rounded and clipped by the array.
        data[k + c] = (image.data[c * width * height + i]! + 1) * 127.5;
        if (format === "jpeg") data[k + c] = 255 + ((data[k + c]! - 255) * opacity) / 255;
      }
      data[k + 3] = format === "jpeg" ? 255 : opacity;
    }
    context.putImageData(pixels, 0, top);
  }
  const type = `image/${format}`;
  const blob = await context.canvas.convertToBlob({
    type,
    ...(quality && { quality: quality / 100 }),
  });
  if (blob.type !== type) throw new PaletteError(`This browser cannot write ${format} files.`);
  return new Uint8Array(await blob.arrayBuffer());
}

export function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new PaletteError("This browser has no canvas to read images with.");
  return context;
}
