import { describe, expect, it } from "vitest";
import { contactSheet } from "../node/draw-text.ts";
import { enlarge } from "./contact-sheet.ts";
import { createImage, crop, type Image } from "./image.ts";

function darkPixels(image: Image): number {
  return image.data.subarray(0, image.width * image.height).filter((value) => value < 0).length;
}

describe("contact sheets", () => {
  it("lay pictures out with a gap on white, enlarged without smoothing", async () => {
    const a = createImage(4, 4, -1);
    const b = createImage(4, 4, 0);
    const sheet = await contactSheet([{ images: [a, b] }, { images: [b] }], { gap: 2, scale: 3 });
    expect([sheet.width, sheet.height]).toEqual([2 + 12 + 2 + 12 + 2, 2 + 12 + 2 + 12 + 2]);
    expect(crop(sheet, { left: 2, top: 2, width: 12, height: 12 }).data).toEqual(
      enlarge(a, 3).data,
    );
    expect(crop(sheet, { left: 16, top: 2, width: 12, height: 12 }).data).toEqual(
      enlarge(b, 3).data,
    );
    const empty = crop(sheet, { left: 16, top: 16, width: 12, height: 12 });
    expect(empty.data).toEqual(createImage(12, 12, 1).data);
  });

  it("enlarge each pixel to a square", () => {
    const image = { width: 2, height: 1, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect([...enlarge(image, 2).data]).toEqual([
      1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4, 5, 5, 6, 6, 5, 5, 6, 6,
    ]);
  });

  it("make room for labels and headings, and write them without touching the pictures", async () => {
    const image = createImage(16, 16, 0.5);
    const label = 'free-form 23% <&"> of a rather long photo name.jpg';
    const sheet = await contactSheet([{ images: [image, image], label }], {
      headings: ["input", "truth"],
    });
    expect(sheet.width).toBeGreaterThan(label.length * 7);
    expect(sheet.height).toBe(4 + 18 + 18 + 16 + 4);
    const picture = crop(sheet, { left: 4, top: 40, width: 16, height: 16 });
    for (const value of picture.data) expect(value).toBeCloseTo(0.5, 2);
    // Letters are dark; a machine without any font would leave the lines empty.
    expect(darkPixels(sheet)).toBeGreaterThan(100);
  });

  it("need a picture and whole numbers", async () => {
    await expect(contactSheet([])).rejects.toThrow(/at least one picture/);
    await expect(contactSheet([{ images: [createImage(1, 1)] }], { scale: 1.5 })).rejects.toThrow(
      /whole/,
    );
  });
});
