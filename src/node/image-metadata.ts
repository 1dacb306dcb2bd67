/** What an image file says beside its pixels: its resolution, and when the photo was taken. */

/** Dates of EXIF by the names of their tags, as they are written there. */
export interface ExifDates {
  readonly DateTime?: string;
  readonly DateTimeOriginal?: string;
  readonly DateTimeDigitized?: string;
  readonly OffsetTime?: string;
  readonly OffsetTimeOriginal?: string;
  readonly OffsetTimeDigitized?: string;
  readonly SubSecTime?: string;
  readonly SubSecTimeOriginal?: string;
  readonly SubSecTimeDigitized?: string;
}

export interface ImageMetadata {
  /** Pixels an inch, when printed. */
  readonly density?: number;
  readonly dates?: ExifDates;
}

/** What libvips says of a file; `exif` is the block itself. */
interface FileHeader {
  readonly density?: number | undefined;
  readonly exif?: Uint8Array | undefined;
}

/** The part of a photo's metadata that its answers keep; a broken EXIF block counts as none. */
export function metadataOf({ density, exif }: FileHeader): ImageMetadata {
  const said = exif === undefined ? {} : readExif(exif);
  return { ...said, ...(density !== undefined && density > 0 && { density }) };
}

/** The dates as sharp takes EXIF: by image file directory. */
export function exifOf({ DateTime, ...rest }: ExifDates): {
  IFD0?: Record<string, string>;
  IFD2?: Record<string, string>;
} {
  return {
    ...(DateTime !== undefined && { IFD0: { DateTime } }),
    ...(Object.keys(rest).length > 0 && { IFD2: { ...rest } }),
  };
}

const date = /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/;
const offset = /^[+-]\d\d:\d\d$/;
const subSecond = /^\d{1,9}$/;

const tags: Readonly<Record<number, { readonly name: keyof ExifDates; readonly form: RegExp }>> = {
  306: { name: "DateTime", form: date },
  36867: { name: "DateTimeOriginal", form: date },
  36868: { name: "DateTimeDigitized", form: date },
  36880: { name: "OffsetTime", form: offset },
  36881: { name: "OffsetTimeOriginal", form: offset },
  36882: { name: "OffsetTimeDigitized", form: offset },
  37520: { name: "SubSecTime", form: subSecond },
  37521: { name: "SubSecTimeOriginal", form: subSecond },
  37522: { name: "SubSecTimeDigitized", form: subSecond },
};
const exifDirectory = 0x8769;
const xResolution = 0x011a;
const resolutionUnit = 0x0128;
const centimetres = 3;
const ascii = 2;
const rational = 5;

/** What the first directory of an EXIF block (a TIFF file) and the one of the camera say. */
function readExif(block: Uint8Array): ImageMetadata {
  const start = new TextDecoder("latin1").decode(block.subarray(0, 6)) === "Exif\0\0" ? 6 : 0;
  const view = new DataView(block.buffer, block.byteOffset + start, block.byteLength - start);
  const dates: { -readonly [Name in keyof ExifDates]: string } = {};
  let [resolution, perInch] = [0, 1];
  try {
    const little = view.getUint16(0) === 0x4949;
    const short = (at: number) => view.getUint16(at, little);
    const long = (at: number) => view.getUint32(at, little);
    const directories = [long(4)];
    // The camera's directory is named in the first; no others are followed, so there is an end.
    for (let n = 0; n < Math.min(2, directories.length); n++) {
      const directory = directories[n] ?? 0;
      for (let k = 0; k < short(directory); k++) {
        const entry = directory + 2 + 12 * k;
        const [name, type, length] = [short(entry), short(entry + 2), long(entry + 4)];
        const at = type === ascii && length <= 4 ? entry + 8 : long(entry + 8);
        if (name === exifDirectory) directories.push(at);
        if (name === xResolution && type === rational) resolution = long(at) / long(at + 4);
        if (name === resolutionUnit && short(entry + 8) === centimetres) perInch = 2.54;
        const tag = tags[name];
        if (tag === undefined || type !== ascii) continue;
        const bytes = new Uint8Array(view.buffer, view.byteOffset + at, Math.min(length, 32));
        const text = new TextDecoder("latin1").decode(bytes).split("\0", 1)[0]?.trim() ?? "";
        if (tag.form.test(text)) dates[tag.name] = text;
      }
    }
  } catch (thrown) {
    // The block ends too early.
    if (!(thrown instanceof RangeError)) throw thrown;
  }
  const density = Math.round(resolution * perInch);
  return {
    ...(density > 0 && Number.isFinite(density) && { density }),
    ...(Object.keys(dates).length > 0 && { dates }),
  };
}
