import { describe, expect, it } from "vitest";
import { Random } from "../util/random.ts";
import { randomSquare } from "./crop-scale.ts";

describe("crops", () => {
  it("are squares of half to all of the short side, anywhere, not below the resolution", () => {
    const random = Random.from("squares");
    const sides: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const box = randomSquare(400, 200, 64, random);
      expect(box.width).toBe(box.height);
      expect(box.left + box.width).toBeLessThanOrEqual(400);
      expect(box.top + box.height).toBeLessThanOrEqual(200);
      sides.push(box.width);
    }
    expect([Math.min(...sides), Math.max(...sides)]).toEqual([100, 200]);
    expect(sides.reduce((a, b) => a + b) / 2000).toBeCloseTo(150, -1);
    for (let i = 0; i < 100; i++)
      expect(randomSquare(80, 70, 64, random).width).toBeGreaterThanOrEqual(64);
    expect(randomSquare(30, 20, 64, random).width).toBe(20);
  });

  it("have sides log-uniform from the resolution to the short side when every scale is drawn", () => {
    const random = Random.from("scales");
    const sides: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const box = randomSquare(2000, 1024, 64, random, "own..full");
      expect(box.left + box.width).toBeLessThanOrEqual(2000);
      expect(box.top + box.height).toBeLessThanOrEqual(1024);
      sides.push(box.width);
    }
    expect(Math.min(...sides)).toBeGreaterThanOrEqual(64);
    expect(Math.max(...sides)).toBeLessThanOrEqual(1024);
    // Each of the four octaves gets a quarter.
    for (const low of [64, 128, 256, 512]) {
      const share = sides.filter((side) => side >= low && side < 2 * low).length / 3000;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.04);
    }
    expect(randomSquare(30, 20, 64, random, "own..full").width).toBe(20);
    expect(randomSquare(64, 90, 64, random, "own..full").width).toBe(64);
  });
});
