import { describe, expect, it } from "vitest";
import { createImage } from "../image/image.ts";
import { Random } from "../util/random.ts";
import { retoned, stretched } from "./variation.ts";

const picture = { width: 300, height: 200 };

describe("a stretched crop", () => {
  const square = { left: 20, top: 30, width: 150, height: 150 };
  const boxes = Array.from({ length: 500 }, (_, k) =>
    stretched(square, picture, 64, Random.from("box", k)),
  );

  it("lies in the picture, is 0.7 to 1.42 times as wide as high, and as large as the square", () => {
    for (const { left, top, width, height } of boxes) {
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(picture.width);
      expect(top + height).toBeLessThanOrEqual(picture.height);
      expect(width / height).toBeGreaterThan(0.69);
      expect(width / height).toBeLessThan(1.44);
      expect(Math.abs(width * height - 150 ** 2) / 150 ** 2).toBeLessThan(0.01);
    }
  });

  it("is as often wide as high, and anywhere", () => {
    const wide = boxes.filter(({ width, height }) => width > height).length;
    // Half of 500 with a deviation of 11.
    expect(Math.abs(wide - 250)).toBeLessThan(45);
    expect(Math.min(...boxes.map(({ left }) => left))).toBeLessThan(10);
    expect(Math.max(...boxes.map(({ left, width }) => left + width))).toBeGreaterThan(290);
  });

  it("never falls below the resolution, unless the square does, nor out of a small picture", () => {
    const small = { width: 70, height: 64 };
    for (let k = 0; k < 100; k++) {
      const whole = { left: 3, top: 0, width: 64, height: 64 };
      const box = stretched(whole, small, 64, Random.from("box", k));
      expect(box.height).toBe(64);
      expect(box.width).toBeGreaterThanOrEqual(64);
      expect(box.left + box.width).toBeLessThanOrEqual(70);
      const tiny = stretched(
        { ...whole, width: 40, height: 40 },
        small,
        64,
        Random.from("tiny", k),
      );
      expect(Math.min(tiny.width, tiny.height)).toBeGreaterThanOrEqual(40);
    }
  });
});

describe("another tone", () => {
  it("keeps black, the order of values and [-1, 1]; gray stays gray", () => {
    const ramp = createImage(256, 1);
    for (let i = 0; i < ramp.data.length; i++) ramp.data[i] = ((i % 256) / 255) * 2 - 1;
    const middles: number[] = [];
    for (let k = 0; k < 200; k++) {
      const { data } = retoned(ramp, Random.from("tone", k));
      expect(data[0]).toBe(-1);
      for (let i = 1; i < 256; i++) expect(data[i]).toBeGreaterThanOrEqual(data[i - 1]!);
      expect(data[255]).toBeLessThanOrEqual(1);
      expect(data.subarray(256, 512)).toEqual(data.subarray(0, 256));
      middles.push((data[128]! + 1) / 2);
    }
    const mean = middles.reduce((sum, value) => sum + value) / middles.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.04);
    expect(Math.min(...middles)).toBeLessThan(0.4);
    expect(Math.max(...middles)).toBeGreaterThan(0.6);
  });

  it("leaves the picture it was given, and is the same for the same stream", () => {
    const image = createImage(4, 4, 0.25);
    const first = retoned(image, Random.from("tone"));
    expect(image).toEqual(createImage(4, 4, 0.25));
    expect(retoned(image, Random.from("tone"))).toEqual(first);
    expect(first).not.toEqual(image);
  });
});
