/** What a file says of itself before a pixel of it is decoded. */
import { sharp } from "../../node/sharp.ts";
import { HttpProblem } from "./problem.ts";

const starts: readonly (readonly [type: string, start: RegExp])[] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF.{4}WEBP/s],
  ["image/avif", /^.{4}ftypavi[fs]/s],
  ["image/tiff", /^(II\*\0|MM\0\*)/],
];

/** The type of a picture by its first bytes; undefined for all else, such as SVG. */
export function pictureType(file: Uint8Array): string | undefined {
  const start = Buffer.from(file.subarray(0, 12)).toString("latin1");
  return starts.find(([, pattern]) => pattern.test(start))?.[0];
}

/**
 * The size of a picture as it is shown, upright.
 * @param name begins the sentence of a problem: "The image"
 * @throws HttpProblem for what is no picture, or has too many pixels
 */
export async function checkPicture(
  file: Uint8Array,
  name: string,
  pixels: number,
): Promise<{ width: number; height: number }> {
  if (file.length === 0) throw new HttpProblem(422, `${name} is empty; send a picture's file.`);
  if (pictureType(file) === undefined) {
    throw new HttpProblem(
      415,
      `${name} is not a picture that can be read; send JPEG, PNG, WebP, AVIF, TIFF or GIF.`,
    );
  }
  // The limit is ours and is said in our words.
  const header = await sharp(file, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  if (header === undefined) {
    throw new HttpProblem(
      422,
      `${name} is broken and cannot be decoded; send it again, or save it anew.`,
    );
  }
  const { width, height } = header.autoOrient;
  checkPixels(width, height, name, pixels);
  return { width, height };
}

/** @throws HttpProblem for more pixels than are allowed */
export function checkPixels(width: number, height: number, name: string, pixels: number): void {
  if (width * height <= pixels) return;
  const most =
    Math.floor(pixels / 1e6) >= 1 ? `${Math.floor(pixels / 1e6)} megapixels` : `${pixels} pixels`;
  throw new HttpProblem(
    413,
    `${name} has ${Math.round(width)}x${Math.round(height)} pixels, but ${most} are the most; make it smaller.`,
  );
}
