/** Files that are known by their first bytes and cannot be read: what they are, what to do. */

interface UnreadableFormat {
  /** With its article: "a BMP file". */
  readonly name: string;
  readonly remedy: string;
  /** What such files begin with, a character a byte. */
  readonly starts?: readonly string[];
  /** The brands of ISO media files ("ftyp" and these four letters after the first four bytes). */
  readonly brands?: readonly string[];
}

const convert = "convert it to PNG or JPEG first";

const unreadable: readonly UnreadableFormat[] = [
  {
    name: "a HEIC photo",
    remedy:
      "convert it to JPEG (macOS: sips -s format jpeg IN --out OUT; Linux: heif-convert IN OUT)",
    brands: ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"],
  },
  { name: "a BMP file", remedy: convert, starts: ["BM"] },
  { name: "a JPEG XL file", remedy: convert, starts: ["\xff\x0a", "\0\0\0\x0cJXL "] },
  {
    name: "a JPEG 2000 file",
    remedy: convert,
    starts: ["\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"],
  },
  { name: "a Photoshop file", remedy: convert, starts: ["8BPS"] },
  { name: "an OpenEXR file", remedy: convert, starts: ["v/1\x01"] },
  { name: "a PDF file", remedy: convert, starts: ["%PDF-"] },
  {
    name: "a raw photo",
    remedy: "develop it to JPEG or TIFF first",
    starts: ["II*\0\x10\0\0\0CR", "FUJIFILMCCD-RAW", "IIRO", "IIU\0"],
    brands: ["crx "],
  },
  {
    name: "an archive",
    remedy: "unpack it and name the photos",
    starts: ["PK\x03\x04", "\x1f\x8b", "7z\xbc\xaf", "Rar!"],
  },
];

/** "a HEIC photo, which cannot be read; convert it ...", or undefined for any other file. */
export function unreadableFormat(file: Uint8Array): string | undefined {
  const start = String.fromCharCode(...file.subarray(0, 16));
  const format = unreadable.find(
    ({ starts = [], brands = [] }) =>
      starts.some((text) => start.startsWith(text)) ||
      brands.some((brand) => start.startsWith(`ftyp${brand}`, 4)),
  );
  return format && `${format.name}, which cannot be read; ${format.remedy}.`;
}

/** File name endings of pictures that cannot be read. */
export const unreadableEndings: readonly string[] = [
  ...[".bmp", ".heic", ".heif", ".jxl", ".jp2", ".psd", ".exr"],
  ...[".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".raf", ".rw2"],
];
