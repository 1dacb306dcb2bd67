import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import {
  centreSquare,
  createImage,
  crop,
  cropOnto,
  flipHorizontal,
  fromBytes,
  grayscale,
  isGray,
  paste,
  toBytes,
  warmTone,
  withoutColours,
} from "./image.ts";

function randomBytes(width: number, height: number): Uint8Array {
  const random = Random.from("image.test", width, height);
  return Uint8Array.from({ length: 3 * width * height }, () => random.integer(0, 255));
}

describe("images", () => {
  it("turn 0 into -1 and 255 into 1, plane by plane", () => {
    const image = fromBytes(Uint8Array.of(0, 255, 0, 255, 0, 255), 2, 1);
    expect([...image.data]).toEqual([-1, 1, 1, -1, -1, 1]);
  });

  it("give their bytes back exactly", () => {
    const every = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
    expect(toBytes(fromBytes(every, 16, 16))).toEqual(every);
  });

  it("are clipped and rounded in bytes", () => {
    const image = { width: 1, height: 1, data: Float32Array.of(-7, 7, 0.002) };
    expect([...toBytes(image)]).toEqual([0, 255, 128]);
  });

  it("refuse bytes of another size", () => {
    expect(() => fromBytes(new Uint8Array(5), 1, 2)).toThrow(/needs 6 bytes, but 5/);
    expect(() => createImage(0, 3)).toThrow(/at least 1 pixel/);
  });

  it("become gray by the luma of Rec. 601", () => {
    const red = fromBytes(Uint8Array.of(255, 0, 0), 1, 1);
    const gray = grayscale(red).data;
    expect(gray[0]).toBeCloseTo(2 * 0.299 - 1, 6);
    expect(gray[1]).toBe(gray[0]);
    expect(gray[2]).toBe(gray[0]);
    const neutral = fromBytes(Uint8Array.of(77, 77, 77), 1, 1);
    expect(toBytes(grayscale(neutral))).toEqual(Uint8Array.of(77, 77, 77));
  });

  it("are gray when no pixel has a colour, and lose colours without touching gray pixels", () => {
    const mixed = fromBytes(Uint8Array.of(7, 7, 7, 200, 100, 50), 2, 1);
    expect(isGray(mixed)).toBe(false);
    const plain = withoutColours(mixed);
    expect(isGray(plain)).toBe(true);
    expect(plain.data[0]).toBe(mixed.data[0]);
    expect(plain.data[1]).toBe(grayscale(mixed).data[1]);
    for (const value of [0.1, 0.3, -0.7]) {
      const gray = { width: 1, height: 1, data: new Float32Array(3).fill(value) };
      expect(isGray(gray)).toBe(true);
      expect(withoutColours(gray).data).toEqual(gray.data);
    }
  });

  it("warmTone have the same luma and the colours of an old print", () => {
    const gray = grayscale(fromBytes(randomBytes(5, 4), 5, 4));
    for (let i = 0; i < gray.data.length; i++) gray.data[i]! *= 0.9;
    const print = warmTone(gray);
    const luma = grayscale(print);
    for (let i = 0; i < 20; i++) {
      expect(luma.data[i]).toBeCloseTo(gray.data[i]!, 6);
      expect(print.data[i]! - print.data[40 + i]!).toBeCloseTo(0.12, 6);
    }
    expect(Math.max(...warmTone(createImage(2, 2, 1)).data)).toBe(1);
  });

  it("are put back by paste where crop took them", () => {
    const image = fromBytes(randomBytes(7, 5), 7, 5);
    const box = { left: 2, top: 1, width: 4, height: 3 };
    const part = crop(image, box);
    expect(part.data[0]).toBe(image.data[7 + 2]);
    const copy = { ...image, data: image.data.slice() };
    paste(copy, part, 2, 1);
    expect(copy.data).toEqual(image.data);
    expect(() => crop(image, { ...box, left: 4 })).toThrow(/not inside the 7x5/);
    const { buffer } = copy.data;
    const onto = cropOnto(copy, box);
    expect(onto).toEqual(part);
    expect(onto.data.buffer).toBe(buffer);
    expect(() => cropOnto(image, { ...box, left: 4 })).toThrow(/not inside the 7x5/);
  });

  it("are mirrored row by row, and twice is nothing", () => {
    const image = fromBytes(randomBytes(5, 3), 5, 3);
    const mirrored = flipHorizontal(image);
    expect(mirrored.data[0]).toBe(image.data[4]);
    expect(mirrored.data[2 * 15 + 10]).toBe(image.data[2 * 15 + 14]);
    expect(flipHorizontal(mirrored).data).toEqual(image.data);
  });

  it("have a largest centred square", () => {
    expect(centreSquare(1440, 720)).toEqual({ left: 360, top: 0, width: 720, height: 720 });
    expect(centreSquare(3, 8)).toEqual({ left: 0, top: 2, width: 3, height: 3 });
  });
});
