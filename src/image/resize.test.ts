import { describe, expect, it } from "vitest";
import { createImage, crop, fromBytes, toBytes } from "./image.ts";
import { cropAndResize, cropAndResizeBytes, resize, toSquare } from "./resize.ts";

/** Black and white pixels in turns. */
function checkerboard(side: number): Uint8Array {
  return Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return ((pixel % side) + Math.floor(pixel / side)) % 2 === 0 ? 0 : 255;
  });
}

describe("resizing", () => {
  it("leaves a picture of the right size alone", async () => {
    const image = createImage(5, 5, 3);
    expect(resize(image, 5, 5)).toBe(image);
    expect(toSquare(image, 5)).toBe(image);
  });

  it("does not alias: a checkerboard shrinks to its mean", async () => {
    const small = resize(fromBytes(checkerboard(256), 256, 256), 16, 16);
    for (const value of small.data.subarray(0, 256)) expect(Math.abs(value)).toBeLessThan(0.02);
  });

  it("takes the largest centred square", async () => {
    const wide = createImage(60, 20, -1);
    for (let y = 0; y < 20; y++) wide.data.fill(1, y * 60 + 20, y * 60 + 40);
    const square = toSquare(wide, 20);
    expect(square.data.subarray(0, 400)).toEqual(new Float32Array(400).fill(1));
    expect(square.data.subarray(400, 800)).toEqual(new Float32Array(400).fill(-1));
  });

  it("reaches any size from any size", async () => {
    for (const [w, h] of [
      [1, 1],
      [1, 300],
      [20_000, 1],
      [3, 2],
    ] as const) {
      const out = resize(createImage(w, h, 0.5), 8, 6);
      expect([out.width, out.height, out.data.length]).toEqual([8, 6, 144]);
      for (const value of out.data) expect(value).toBeCloseTo(0.5, 2);
    }
  });

  it("gives the same from bytes in one pass as in two", async () => {
    const rgb = checkerboard(40).map((value, i) => (value + i) % 256);
    const image = fromBytes(rgb, 40, 40);
    const box = { left: 3, top: 7, width: 30, height: 30 };
    const once = cropAndResizeBytes({ rgb, width: 40, height: 40 }, box, 12, 12);
    expect(toBytes(once)).toEqual(toBytes(cropAndResize(image, box, 12, 12)));
    expect(toBytes(once)).toEqual(toBytes(resize(crop(image, box), 12, 12)));
  });
});
