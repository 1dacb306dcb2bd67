import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { withChromaOf } from "./chroma.ts";
import { createImage, grayscale, type Image, lumaOf } from "./image.ts";
import { resize } from "./resize.ts";

/** Left of `edge` a dark red, right of it a light blue. */
function twoColours(width: number, height: number, edge: number): Image {
  const image = createImage(width, height);
  const [left, right] = [
    [-0.2, -0.8, -0.8],
    [0.1, 0.4, 0.9],
  ];
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < width * height; i++) {
      image.data[c * width * height + i] = (i % width < edge ? left : right)![c]!;
    }
  }
  return image;
}

const redMinusBlue = ({ width, height, data }: Image, x: number) => {
  const i = Math.floor(height / 2) * width + x;
  return data[i]! - data[2 * width * height + i]!;
};

describe("colour from a smaller picture", () => {
  it("keeps the photo's luma to the bit of its rounding, whatever the colours", async () => {
    const random = Random.from("chroma");
    const photo = createImage(50, 37);
    for (let i = 0; i < photo.data.length; i++) photo.data[i] = random.between(-1, 1);
    const answer = createImage(16, 12);
    for (let i = 0; i < answer.data.length; i++) answer.data[i] = random.between(-1, 1);
    const out = await withChromaOf(grayscale(photo), answer);
    expect([out.width, out.height]).toEqual([50, 37]);
    expect(out.data.every((value) => value >= -1 && value <= 1)).toBe(true);
    const before = lumaOf(photo);
    lumaOf(out).forEach((value, i) => {
      expect(Math.abs(value - before[i]!)).toBeLessThan(2e-6);
    });
  });

  it("ends at the photo's edge, not at the answer's pixels: no halo", async () => {
    // The edge at 203 of 512 lies inside the answer's 8-pixel wide pixel number 25.
    const photo = twoColours(512, 64, 203);
    const answer = resize(photo, 64, 8);
    const out = await withChromaOf(grayscale(photo), answer);
    const [red, blue] = [redMinusBlue(photo, 0), redMinusBlue(photo, 511)];
    expect(red).toBeGreaterThan(0);
    for (let x = 0; x < 512; x++) {
      const wanted = x < 203 ? red : blue;
      expect(Math.abs(redMinusBlue(out, x) - wanted)).toBeLessThan(0.12);
    }
    // Plain enlarging of the answer is wrong by half the difference beside the edge.
    const plain = resize(answer, 512, 64);
    expect(Math.abs(redMinusBlue(plain, 200) - red)).toBeGreaterThan(0.3);
  });

  it("leaves a gray answer gray and an answer of the photo's size as it is", async () => {
    const photo = twoColours(40, 40, 17);
    const gray = await withChromaOf(photo, createImage(10, 10, 0.3));
    expect(gray.data.slice(0, 1600)).toEqual(gray.data.slice(1600, 3200));
    const same = await withChromaOf(grayscale(photo), photo);
    same.data.forEach((value, i) => {
      expect(Math.abs(value - photo.data[i]!)).toBeLessThan(0.01);
    });
  });
});
