/** Pictures and zips on their way to the user's disk. */
import { Zip, ZipPassThrough } from "fflate";
import type { Photo } from "./photo.ts";
import type { Format, Settings } from "./settings.ts";

export const extensions: Readonly<Record<Format, string>> = {
  png: "png",
  jpeg: "jpg",
  webp: "webp",
};

export type SaveOptions = Pick<Settings, "format" | "quality" | "metadata">;

/** The photo in a format: by whoever restored it, or else by the browser, without metadata. */
export async function encode(photo: Photo, options: SaveOptions): Promise<Blob> {
  const { format, quality, metadata } = options;
  if (photo.restored !== undefined) {
    try {
      return await photo.restored.save({ format, quality, metadata });
    } catch {
      // The server keeps answers for a while only; the page still has the pixels.
    }
  }
  const file = await photo.file();
  if (metadata && file.type === `image/${format}`) return file;
  const canvas = new OffscreenCanvas(photo.width, photo.height);
  const bitmap = await createImageBitmap(photo.restored === undefined ? photo.source : file);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: `image/${format}`, quality: quality / 100 });
}

/** `old.jpg`, "colorize" -> `old-colorize.png`; an answer's number from the second on. */
export function fileNameOf(name: string, suffix: string, format: Format, index = 0): string {
  const stem = name.replace(/\.[^.]+$/, "") || "photo";
  return `${stem}-${suffix}${index > 0 ? `-${index + 1}` : ""}.${extensions[format]}`;
}

export function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Pictures are compressed already: the zip stores them as they are. Equal names get a number. */
export async function zipOf(files: readonly { name: string; blob: Blob }[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(new Uint8Array(chunk));
  });
  const names = new Set<string>();
  for (const { name, blob } of files) {
    const entry = new ZipPassThrough(unused(name, names));
    zip.add(entry);
    entry.push(new Uint8Array(await blob.arrayBuffer()), true);
  }
  zip.end();
  return new Blob(parts, { type: "application/zip" });
}

function unused(name: string, names: Set<string>): string {
  const at = name.lastIndexOf(".");
  let free = name;
  for (let k = 2; names.has(free); k++) free = `${name.slice(0, at)} (${k})${name.slice(at)}`;
  names.add(free);
  return free;
}
