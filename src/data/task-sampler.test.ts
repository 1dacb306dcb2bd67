import { describe, expect, it } from "vitest";
import { PaletteError, UsageError } from "../util/errors.ts";
import { essentialMix, tasksByShare } from "./task-sampler.ts";

const all = ["colorize", "inpaint", "uncrop", "dejpeg"];

describe("a mix", () => {
  it("keeps what is not once, in the order of the tasks", () => {
    const mix = essentialMix({ dejpeg: 3, uncrop: 1, inpaint: 2 }, all);
    expect(JSON.stringify(mix)).toBe('{"inpaint":2,"dejpeg":3}');
  });

  it("is nothing when all are drawn equally often", () => {
    expect(essentialMix({}, all)).toBeUndefined();
    expect(essentialMix({ dejpeg: 1 }, all)).toBeUndefined();
  });

  it("refuses tasks that are not learned and shares that are none", () => {
    expect(() => essentialMix({ dejpeg: 2 }, ["colorize"])).toThrow(UsageError);
    expect(() => essentialMix({ toString: 2 }, all)).toThrow(/no task "toString"/);
    for (const share of [0, -1, 1.5, Number.NaN, 101])
      expect(() => essentialMix({ dejpeg: share }, all)).toThrow(PaletteError);
  });

  it("names each task as often as its share", () => {
    const names = (mix?: Record<string, number>) => tasksByShare(all, mix).map(({ name }) => name);
    expect(names()).toEqual(all);
    expect(names({ dejpeg: 3 })).toEqual([
      "colorize",
      "inpaint",
      "uncrop",
      "dejpeg",
      "dejpeg",
      "dejpeg",
    ]);
  });
});
