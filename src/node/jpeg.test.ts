import { describe, expect, it } from "vitest";
import { fromBytes, type Image } from "../image/image.ts";
import { Random } from "../util/random.ts";
import { encodeJpeg, jpegRoundTrip } from "./jpeg.ts";

/** Smooth shapes with a little noise. */
function picture(): Image {
  const random = Random.from("jpeg.test");
  const rgb = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) =>
    Math.round(128 + 80 * Math.sin(i / 500) + random.between(-30, 30)),
  );
  return fromBytes(rgb, 64, 64);
}

/** The payloads of a JPEG file's segments with this marker. */
function segments(file: Uint8Array, marker: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 2; file[at] === 0xff && file[at + 1] !== 0xda; ) {
    const length = file[at + 2]! * 256 + file[at + 3]!;
    if (file[at + 1] === marker) found.push(file.subarray(at + 4, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

describe("JPEG damage", () => {
  it("uses the tables of the standard (Annex K) as libjpeg scales them", async () => {
    // Zigzag order: 16 11 12 14 12 10 ... at quality 50; times 5 at quality 10.
    const firstOf = async (quality: number): Promise<number[]> => {
      const [table] = segments(await encodeJpeg(picture(), quality), 0xdb);
      return [...table!.subarray(1, 7)];
    };
    expect(await firstOf(50)).toEqual([16, 11, 12, 14, 12, 10]);
    expect(await firstOf(10)).toEqual([80, 55, 60, 70, 60, 50]);
    expect(await firstOf(5)).toEqual([160, 110, 120, 140, 120, 100]);
  });

  it("is baseline with chroma at half resolution (4:2:0)", async () => {
    const [frame] = segments(await encodeJpeg(picture(), 20), 0xc0);
    expect([frame![7], frame![10], frame![13]]).toEqual([0x22, 0x11, 0x11]);
  });

  it("grows as quality falls, repeats exactly and keeps the size", async () => {
    const y = picture();
    const error = async (quality: number): Promise<number> => {
      const x = await jpegRoundTrip(y, quality);
      expect([x.width, x.height]).toEqual([64, 64]);
      return x.data.reduce((sum, value, i) => sum + Math.abs(value - y.data[i]!), 0);
    };
    expect(await error(5)).toBeGreaterThan(await error(15));
    expect(await error(15)).toBeGreaterThan(await error(60));
    expect(await error(15)).toBe(await error(15));
  });

  it("refuses a quality that is none", async () => {
    for (const quality of [0, 101, 7.5, Number.NaN]) {
      await expect(jpegRoundTrip(picture(), quality)).rejects.toThrow(/whole number from 1 to 100/);
    }
  });
});
