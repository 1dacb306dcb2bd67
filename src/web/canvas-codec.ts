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
import { fromBytes, type Image, toBytes } from "../image/image.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

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
  const context = contextOf(width, height);
  if (background !== "none") {
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(3 * width * height);
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    alpha[i] = data[4 * i + 3]!;
  }
  const opaque = alpha.every((value) => value === 255);
  return opaque ? { width, height, rgb } : { width, height, rgb, alpha };
}

async function encode(
  image: Image,
  format: ImageFormat,
  { alpha, quality }: EncodeOptions = {},
): Promise<Uint8Array> {
  checkQuality(quality, format);
  const { width, height } = image;
  const rgb = toBytes(image);
  const context = contextOf(width, height);
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    // JPEG has no opacity: white shines through.
    const opacity = alpha?.[i] ?? 255;
    for (let c = 0; c < 3; c++) {
      const value = rgb[3 * i + c]!;
      const mixed = format === "jpeg" ? 255 + ((value - 255) * opacity) / 255 : value;
      pixels.data[4 * i + c] = mixed;
    }
    pixels.data[4 * i + 3] = format === "jpeg" ? 255 : opacity;
  }
  context.putImageData(pixels, 0, 0);
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
