/**
 * Photos on their way into the browser's storage: checked, and made smaller where they are large.
 */

/** Photos are kept with this short side at most: crops are 64 pixels and more. */
const largestShortSide = 1024;
const thumbnailSide = 96;
const jpegQuality = 0.95;

export interface TakenPhoto {
  readonly name: string;
  /** The file as it is, or a JPEG of a smaller copy. */
  readonly file: Blob;
  readonly thumbnail: Blob;
}

/** @throws when the browser cannot decode the file. */
export async function takePhoto(file: File): Promise<TakenPhoto> {
  const bitmap = await createImageBitmap(file);
  try {
    const short = Math.min(bitmap.width, bitmap.height);
    const thumbnail = await scaled(bitmap, Math.min(1, thumbnailSide / short), 0.7);
    if (short <= largestShortSide) return { name: file.name, file, thumbnail };
    const copy = await scaled(bitmap, largestShortSide / short, jpegQuality);
    return { name: `${file.name.replace(/\.[^.]+$/, "")}.jpg`, file: copy, thumbnail };
  } finally {
    bitmap.close();
  }
}

async function scaled(bitmap: ImageBitmap, scale: number, quality: number): Promise<Blob> {
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const canvas = new OffscreenCanvas(side(bitmap.width), side(bitmap.height));
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The browser has no canvas.");
  context.imageSmoothingQuality = "high";
  // Transparent pixels are taken for white, as in training.
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}
