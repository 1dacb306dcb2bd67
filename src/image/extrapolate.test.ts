import { describe, expect, it } from "vitest";
import { extrapolateKnown } from "./extrapolate.ts";
import { createImage, createMask } from "./image.ts";

describe("known pixels", () => {
  it("spread over a hole from its nearest edge, and nothing of the hole stays", () => {
    const image = createImage(5, 1);
    image.data.set([1, 9, 9, 9, 2, 3, 9, 9, 9, 4, 5, 9, 9, 9, 6]);
    const mask = createMask(5, 1);
    mask.data.set([1, 1, 1], 1);
    const { data } = extrapolateKnown(image, mask);
    expect([data[0], data[1], data[3], data[4]]).toEqual([1, 1, 2, 2]);
    expect([1, 2]).toContain(data[2]);
    expect([...data].slice(5, 7)).toEqual([3, 3]);
    expect([...data].slice(13)).toEqual([6, 6]);
    expect(image.data[1]).toBe(9);
  });

  it("do not jump from one row's end to the next one's beginning", () => {
    const image = createImage(3, 2);
    image.data.set([1, 2, 3, 4, 5, 6]);
    const mask = createMask(3, 2);
    mask.data[3] = 1;
    // Above it lies 1, at its right 5; before it in memory the 3 of the row above.
    expect([1, 5]).toContain(extrapolateKnown(image, mask).data[3]);
  });

  it("leave a picture without any as it is", () => {
    const image = createImage(4, 4, 0.5);
    expect(extrapolateKnown(image, createMask(4, 4, 1))).toEqual(image);
    expect(() => extrapolateKnown(image, createMask(4, 3))).toThrow(/mask is 4x3/);
  });
});
