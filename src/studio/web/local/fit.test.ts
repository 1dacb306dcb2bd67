import { describe, expect, it } from "vitest";
import { loadModelConfig } from "../../../node/model-folder.ts";
import { bytesNeeded, misfitOf, mostBytes, threadsFor } from "./fit.ts";

const model = await loadModelConfig("models/landscapes-64");
const photo = { width: 4000, height: 3000 };
const margins = { left: 0, right: 2000, top: 0, bottom: 0 };

describe("what a tab has room for", () => {
  it("is 12 megapixels to colorize and to fill, on two engines", () => {
    for (const task of ["colorize", "inpaint"] as const) {
      const ask = { task, photo, options: { samples: 2 } };
      expect(misfitOf(ask, model)).toBeUndefined();
      expect(threadsFor(ask, model, 2)).toBe(2);
      // Many cores do not take more.
      expect(bytesNeeded(ask, model, threadsFor(ask, model, 16))).toBeLessThan(mostBytes);
    }
  });

  it.each([
    ["uncrop", { margins }],
    ["dejpeg", {}],
    ["upscale", { scale: 2 }],
  ] as const)("is less to %s, and the size offered is the largest", (task, own) => {
    const options = { samples: 2, ...own };
    const { need, smaller } = misfitOf({ task, photo, options }, model) ?? {};
    expect(need).toBeGreaterThan(mostBytes);
    if (smaller === undefined) throw new Error("nothing is offered");
    const shrink = (side: number) => Math.round((side * smaller.width) / photo.width);
    const shrunk = { ...options, margins: { ...margins, right: shrink(margins.right) } };
    const misfitAt = (size: typeof smaller) =>
      misfitOf({ task, photo: size, options: shrunk }, model);
    expect(misfitAt(smaller)).toBeUndefined();
    expect(misfitAt({ width: smaller.width + 4, height: smaller.height + 3 })).toBeDefined();
    expect(smaller.width / smaller.height).toBeCloseTo(4 / 3, 2);
  });

  it("is nothing of a model that does not fit itself", () => {
    const network = { ...model.network, base: 256, multipliers: [1, 2, 4, 8] };
    const large = { ...model, network };
    const misfit = misfitOf({ task: "colorize", photo, options: {} }, large);
    expect(misfit?.smaller).toBeUndefined();
    expect(misfit?.need).toBeGreaterThan(mostBytes);
  });
});
