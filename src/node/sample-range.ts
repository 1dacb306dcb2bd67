/**
 * Files whose numbers do not fill the range of their type: 12 bits in a container of 16, floats
 * from 0 to 1. libvips takes the type's range for theirs, and shows them black.
 */
import type { Metadata, Sharp } from "sharp";

/** From which numbers black and white are made. */
export interface SampleRange {
  readonly black: number;
  readonly white: number;
  /** In words: "12 bits", "0 to 1". */
  readonly name: string;
}

/** An image of 8 bits a channel, with opacity as its second or fourth channel if it has any. */
export interface Rescaled {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  /** Of the colours. */
  readonly range: SampleRange;
}

/**
 * Bits that cameras and scanners put into containers of 16 or 32. Not 14: a picture of 16 bits that
 * is four times too dark may well be meant so.
 */
const usualBits = [8, 10, 12, 16] as const;

/**
 * The image with its own range brought to 0 to 255; undefined where libvips reads it rightly.
 * @param pipeline of the file, upright
 */
export async function rescaled(
  pipeline: Sharp,
  { depth, format, space, hasAlpha }: Metadata,
): Promise<Rescaled | undefined> {
  if (depth === "uchar" || depth === undefined || space === undefined) return undefined;
  // AVIF says how many bits it has.
  if (format === "heif") return undefined;
  if (!["scrgb", "srgb", "rgb16", "b-w", "grey16", "multiband"].includes(space)) return undefined;
  const short = depth === "ushort";
  const { data: bytes, info } = await pipeline
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: short ? "ushort" : "float" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const values = short
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    : new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const colours = hasAlpha ? channels - 1 : channels;
  const rangeOf = depth === "float" || depth === "double" ? floatRange : bitRange;
  const range = rangeOf(...limits(values, channels, 0, colours));
  if (short && range.white === 2 ** 16 - 1) return undefined;
  const ranges = Array.from({ length: channels }, () => range);
  if (hasAlpha) ranges[colours] = rangeOf(...limits(values, channels, colours, channels));
  const data = new Uint8ClampedArray(values.length);
  for (let i = 0; i < values.length; i++) {
    const { black, white } = ranges[i % channels]!;
    data[i] = (255 * (values[i]! - black)) / (white - black);
  }
  return { data: new Uint8Array(data.buffer), width, height, channels: known(channels), range };
}

/** The range of whole numbers: the fewest usual bits that hold the largest. */
export function bitRange(_least: number, most: number): SampleRange {
  const bits = usualBits.find((count) => most < 2 ** count) ?? 32;
  return { black: 0, white: 2 ** bits - 1, name: `${bits} bits` };
}

/**
 * The range of floating-point numbers: 0 to 1 with what little lies outside, -1 to 1, that of bytes
 * or of 16 bits, and else their own.
 */
export function floatRange(least: number, most: number): SampleRange {
  if (least < -0.25 && least >= -1.5 && most <= 1.5)
    return { black: -1, white: 1, name: "-1 to 1" };
  if (most <= 1.5) return { black: 0, white: 1, name: "0 to 1" };
  if (most > 16 && most < 256) return { black: 0, white: 255, name: "0 to 255" };
  if (most >= 256 && most < 2 ** 16) return bitRange(least, most);
  return { black: 0, white: most, name: `0 to ${Number(most.toPrecision(3))}` };
}

/** The smallest and the largest finite value of the channels from `first` up to before `end`. */
function limits(
  values: Float32Array | Uint16Array,
  channels: number,
  first: number,
  end: number,
): [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let start = 0; start < values.length; start += channels) {
    for (let i = start + first; i < start + end; i++) {
      const value = values[i]!;
      if (value < least && value > Number.NEGATIVE_INFINITY) least = value;
      if (value > most && value < Number.POSITIVE_INFINITY) most = value;
    }
  }
  return most < least ? [0, 1] : [least, most];
}

function known(channels: number): 1 | 2 | 3 | 4 {
  if (channels === 1 || channels === 2 || channels === 3 || channels === 4) return channels;
  throw new Error(`expected 1 to 4 channels, found ${channels}`);
}
