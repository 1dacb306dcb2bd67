import { describe, expect, it } from "vitest";
import { configFromPreset } from "../models/config.ts";
import { presetNamed } from "../models/presets.ts";
import { taskNamed } from "../tasks/registry.ts";
import {
  affordableEngines,
  assertTabFits,
  largestThatFits,
  MemoryError,
  tabMemory,
} from "./memory.ts";

const config = configFromPreset(presetNamed("small-64"), { tasks: [] });
const engines = 2;
const of = (task: string, options = {}) => ({ config, engines, task: taskNamed(task), options });
const twelveMegapixels = { width: 4000, height: 3000 };

describe("a tab of 1 GB", () => {
  it("holds two engines of a network of 28 MB, and colorizes and inpaints 12 megapixels", () => {
    expect(affordableEngines(config)).toBe(2);
    for (const task of ["colorize", "inpaint"]) {
      expect(() => assertTabFits(of(task), twelveMegapixels)).not.toThrow();
    }
  });

  it.each(["dejpeg", "uncrop", "sharpen"])(
    "%s: refuses what is too large, and offers what fits",
    (name) => {
      let refused: unknown;
      try {
        assertTabFits(of(name), twelveMegapixels);
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(MemoryError);
      const { message, need, budget, largest } = refused as MemoryError;
      expect(need).toBeGreaterThan(budget);
      expect(largest!.width / largest!.height).toBeCloseTo(4 / 3, 2);
      expect(message).toContain(`make it ${largest!.width}x${largest!.height}`);
      expect(tabMemory(of(name), largest!)).toBeLessThanOrEqual(budget);
      const larger = { width: largest!.width + 4, height: largest!.height + 3 };
      expect(tabMemory(of(name), larger)).toBeGreaterThan(budget);
    },
  );

  it("holds nothing of a network that is too large itself", () => {
    const large = {
      ...of("colorize"),
      config: configFromPreset(presetNamed("pytorch-256"), { tasks: [] }),
    };
    expect(largestThatFits(large, twelveMegapixels)).toBeUndefined();
    expect(() => assertTabFits(large, twelveMegapixels)).toThrow(/take a smaller model\.$/);
  });
});
