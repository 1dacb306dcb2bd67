import { describe, expect, it } from "vitest";
import { loadModelConfig } from "../../../node/model-folder.ts";
import { misfitOf, threadsFor } from "./fit.ts";

const model = await loadModelConfig("models/photos-64");
const photo = { width: 4000, height: 3000 };

describe("a request's memory", () => {
  it("is enough for 12 megapixels to colorize and to fill, and decides about the engines", () => {
    for (const task of ["colorize", "inpaint"] as const) {
      expect(misfitOf({ task, photo, options: { samples: 2 } }, model)).toBeUndefined();
    }
    const threads = (photo: { width: number; height: number }) =>
      threadsFor({ task: "colorize", photo, options: {} }, model, 16);
    expect(threads({ width: 400, height: 300 })).toBeGreaterThan(threads(photo));
    expect(threadsFor({ task: "dejpeg", photo, options: {} }, model, 16)).toBe(1);
  });

  it("counts the scale and what a frame adds; large answers are made one by one", () => {
    const ask = { task: "upscale", photo: { width: 1000, height: 750 } } as const;
    expect(misfitOf({ ...ask, options: { scale: 2 } }, model)).toBeUndefined();
    expect(misfitOf({ ...ask, options: { scale: 8 } }, model)?.smaller).toBeDefined();
    expect(misfitOf({ ...ask, options: { scale: 3, samples: 16 } }, model)).toBeUndefined();
    const margins = { left: 0, right: 2000, top: 0, bottom: 0 };
    expect(misfitOf({ task: "uncrop", photo, options: { margins } }, model)).toBeDefined();
    const larger = { width: 5472, height: 3648 };
    expect(misfitOf({ task: "dejpeg", photo: larger, options: {} }, model)?.smaller).toBeDefined();
    // At the photo's own pixels, or at the model's scale.
    const widen = { task: "panorama", photo } as const;
    expect(misfitOf({ ...widen, options: { widen: 6 } }, model)?.smaller).toBeDefined();
    expect(misfitOf({ ...widen, options: { widen: 6, sharpen: false } }, model)).toBeUndefined();
  });
});
