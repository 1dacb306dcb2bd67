import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { readMask } from "../node/read-mask.ts";
import { createMask } from "./image.ts";
import {
  checkMask,
  checkMaskSize,
  fitMask,
  joinMasks,
  type MaskReading,
  maskedShare,
  maskFromAlpha,
  maskFromPixels,
  turnMask,
} from "./mask.ts";

const [black, white, red, yellow] = [
  [0, 0, 0],
  [255, 255, 255],
  [255, 0, 0],
  [255, 255, 0],
] as const;

/** What is filled of a row of these pixels, as a string of 0 and 1. */
function read(colours: (readonly number[])[], alpha?: number[], reading?: MaskReading): string {
  const rgb = Uint8Array.from(colours.flat());
  const opacity = alpha && { alpha: Uint8Array.from(alpha) };
  return maskFromPixels({ rgb, width: colours.length, height: 1, ...opacity }, reading).data.join(
    "",
  );
}

describe("the rule of masks", () => {
  it("fills what is bright where all is opaque", () => {
    expect(read([black, white, red, yellow])).toBe("0101");
    expect(read([black, white, red, yellow], undefined, { invert: true })).toBe("1010");
    expect(read([white, red, white], undefined, { from: "dark" })).toBe("010");
  });

  it("fills what is opaque where a mask has transparency, whatever its colour", () => {
    expect(read([black, white, red, black], [255, 255, 128, 127])).toBe("1110");
    expect(read([white, white], [0, 255])).toBe("01");
  });

  it("looks at what it is told to", () => {
    const colours = [black, white, white, black];
    const alpha = [255, 255, 0, 0];
    expect(read(colours, alpha, { from: "alpha" })).toBe("1100");
    expect(read(colours, alpha, { from: "luma" })).toBe("0100");
    expect(read(colours, alpha, { from: "dark" })).toBe("1000");
    expect(read(colours, alpha, { from: "alpha", invert: true })).toBe("0011");
    expect(() => read(colours, undefined, { from: "alpha" })).toThrow(/has no transparency/);
    const from = "red" as "dark";
    expect(() => read(colours, alpha, { from })).toThrow(/alpha, luma, dark, not from "red"/);
  });

  it("takes values of 0 and 1 only for 0 and 255, also in the opacity", () => {
    const one = [1, 1, 1];
    expect(read([black, one, black])).toBe("010");
    expect(read([black, one, black], undefined, { from: "dark" })).toBe("101");
    expect(read([black, black], [0, 1])).toBe("01");
    expect(read([black, black])).toBe("00");
  });

  it("of a photo's own transparency fills all that is not opaque", () => {
    expect([...maskFromAlpha(Uint8Array.of(255, 254, 0), 3, 1).data]).toEqual([0, 1, 1]);
  });
});

/** A gray picture of these values. */
function gray(values: number[], width: number): Sharp {
  const raw = { width, height: values.length / width, channels: 1 as const };
  return sharp(Buffer.from(values), { raw });
}

describe("masks", () => {
  it("fill what is at least half white, in any format", async () => {
    const pixels = gray([0, 127, 128, 255], 4);
    for (const file of [
      await pixels.clone().png().toBuffer(),
      await pixels.clone().webp({ lossless: true }).toBuffer(),
      await pixels.clone().tiff({ compression: "lzw" }).toBuffer(),
    ]) {
      const { mask, resized } = await readMask(file, 4, 1);
      expect([...mask.data]).toEqual([0, 0, 1, 1]);
      expect(resized).toBe(false);
    }
  });

  it("saved as JPEG are still only 0 and 1", async () => {
    const blob = gray(
      Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 255 : 0)),
      16,
    );
    const { mask } = await readMask(await blob.jpeg({ quality: 40 }).toBuffer(), 16, 16);
    for (const value of mask.data) expect([0, 1]).toContain(value);
    expect(maskedShare(mask)).toBe(0.5);
  });

  it("take transparent pixels for known", async () => {
    const clear = { r: 255, g: 255, b: 255, alpha: 0 };
    const file = await sharp({ create: { width: 2, height: 2, channels: 4, background: clear } })
      .png()
      .toBuffer();
    expect(maskedShare((await readMask(file, 2, 2)).mask)).toBe(0);
  });

  it("of another size are brought to the asked one, which is told", async () => {
    const file = await gray([255, 0, 0, 255], 2).png().toBuffer();
    const { mask, resized } = await readMask(file, 4, 4);
    expect(resized).toBe(true);
    expect([...mask.data]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1]);
    const one = await readMask(await gray([255], 1).png().toBuffer(), 3, 5);
    expect(maskedShare(one.mask)).toBe(1);
    const wide = await gray(
      Array.from({ length: 20_000 }, (_, i) => (i < 10_000 ? 255 : 0)),
      20_000,
    )
      .png()
      .toBuffer();
    expect(maskedShare((await readMask(wide, 8, 8)).mask)).toBe(0.5);
  });

  it("twice as large lose no scratch", async () => {
    // A white line one pixel wide, in an even and in an odd column.
    for (const column of [36, 37]) {
      const values = Array.from({ length: 100 * 80 }, (_, i) => (i % 100 === column ? 255 : 0));
      const { mask } = await readMask(await gray(values, 100).png().toBuffer(), 50, 40);
      const expected = Array.from({ length: 50 * 40 }, (_, i) => (i % 50 === 18 ? 1 : 0));
      expect([...mask.data]).toEqual(expected);
    }
  });

  it("painted on the stored pixels are turned as the photo was", async () => {
    // Stored 3x2; each orientation turns it as sharp turns a photo.
    const values = [255, 0, 0, 255, 0, 255];
    for (const orientation of [5, 6, 7, 8]) {
      const file = await gray(values, 3).png().toBuffer();
      const photo = await gray(values, 3).withMetadata({ orientation }).png().toBuffer();
      const upright = (await readMask(photo, 2, 3)).mask;
      expect(await readMask(file, 2, 3, { orientation })).toEqual({
        mask: upright,
        resized: false,
        turned: true,
      });
    }
    const square = createMask(2, 2);
    square.data.set([1, 0, 0, 0]);
    for (const [orientation, turned] of Object.entries({ 2: "0100", 3: "0001", 4: "0010" }))
      expect(turnMask(square, Number(orientation)).data.join("")).toBe(turned);
    const file = await gray(values, 3).png().toBuffer();
    await expect(readMask(file, 2, 3)).rejects.toThrow(
      "The mask is 3x2, but the photo is 2x3; turn the mask as the photo stands.",
    );
    expect((await readMask(file, 3, 2, { orientation: 6 })).turned).toBe(false);
  });

  it("are joined", () => {
    const [a, b] = [createMask(3, 1), createMask(3, 1)];
    a.data[0] = 1;
    b.data[2] = 1;
    expect([...joinMasks([a, b]).data]).toEqual([1, 0, 1]);
    expect([...a.data]).toEqual([1, 0, 0]);
  });

  it("have only 0 and 1", () => {
    const mask = createMask(2, 2);
    expect(() => checkMask(mask, 2, 2)).not.toThrow();
    expect(() => checkMask({ ...mask, data: mask.data.map(() => 255) }, 2, 2)).toThrow(/not 255/);
    expect(() => checkMask({ ...mask, data: new Float32Array(3) }, 2, 2)).toThrow(
      /4 values, not 3/,
    );
  });

  it("that are broken are named", async () => {
    await expect(readMask("no-such-mask.png", 4, 4)).rejects.toThrow(
      "no-such-mask.png does not exist; check the path.",
    );
    await expect(readMask(new Uint8Array(0), 4, 4)).rejects.toThrow(/is empty/);
    await expect(readMask(Buffer.from("text"), 4, 4)).rejects.toThrow(/not an image/);
  });

  it("keep a one-pixel scratch when shrunk", () => {
    const mask = createMask(100, 100);
    for (let y = 0; y < 100; y++) mask.data[y * 100 + 37] = 1;
    const small = fitMask(mask, { left: 0, top: 0, width: 100, height: 100 }, 10, 10);
    expect(maskedShare(small)).toBeCloseTo(0.1, 6);
    expect(small.data[3]).toBe(1);
  });

  it("are unchanged when nothing changes, and are cut with the picture", () => {
    const mask = createMask(6, 4);
    mask.data.set([1, 0, 1], 7);
    expect(fitMask(mask, { left: 0, top: 0, width: 6, height: 4 }, 6, 4).data).toEqual(mask.data);
    expect([...fitMask(mask, { left: 1, top: 1, width: 2, height: 2 }, 2, 2).data]).toEqual([
      1, 0, 0, 0,
    ]);
    expect(() => checkMaskSize(mask, 4, 6)).toThrow(/The mask is 6x4, but the picture is 4x6/);
  });
});
