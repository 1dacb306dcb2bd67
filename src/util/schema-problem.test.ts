import { describe, expect, it } from "vitest";
import { z } from "zod";
import { networkSchema } from "../nn/registry.ts";
import { problemIn } from "./schema-problem.ts";

const schema = z.strictObject({
  batch: z.int().positive(),
  decay: z.number().min(0).lt(1),
  share: z.number().min(0).max(1),
  clip: z.number().positive().nullable(),
  loss: z.enum(["l1", "l2"]),
  mix: z.record(z.string(), z.int().min(0)).optional(),
  sides: z.array(z.int()),
  format: z.literal(2),
  day: z.iso.date().optional(),
  vary: z.boolean(),
  network: networkSchema.optional(),
});

const fine = {
  ...{ batch: 1, decay: 0, share: 0, clip: null, loss: "l1", sides: [], format: 2, vary: true },
};

describe("a schema's refusal", () => {
  it.each<[object, string]>([
    [{ batch: 0 }, "batch: must be a whole number above 0, not 0"],
    [{ batch: 0.5 }, "batch: must be a whole number above 0, not 0.5"],
    [{ batch: undefined }, "batch: must be a whole number above 0, but is missing"],
    [{ decay: 1 }, "decay: must be a number from 0 to below 1, not 1"],
    [{ share: Number.NaN }, "share: must be a number from 0 to 1, not NaN"],
    [{ clip: "" }, 'clip: must be a number above 0 or null, not ""'],
    [{ loss: "l3" }, 'loss: must be one of l1, l2, not "l3"'],
    [{ mix: { paint: -1 } }, "mix.paint: must be a whole number of at least 0, not -1"],
    [{ sides: [8, "x"] }, 'sides.1: must be a whole number, not "x"'],
    [{ sides: 3 }, "sides: must be a list, not 3"],
    [{ format: 3 }, "format: must be 2, not 3"],
    [{ day: "soon" }, 'day: must be a date such as 2026-01-31, not "soon"'],
    [{ vary: 1 }, "vary: must be true or false, not 1"],
    [
      { colour: 1 },
      "there is no setting colour; there are batch, decay, share, clip, loss, mix, sides, format, day, vary, network",
    ],
    [
      { network: { base: -1 } },
      "network.resolution: must be a whole number from 1 to 8192, but is missing",
    ],
    [{ network: { type: "vit" } }, "network.type: is no known network; the types are unet"],
  ])("of %j", (changes, problem) => {
    const value = { ...fine, ...changes };
    const { error } = schema.safeParse(value);
    expect(problemIn(schema, value, error!)).toBe(problem);
  });

  it("says what kind a value is that is nested too deeply to be shown", () => {
    const nested: unknown = JSON.parse("[".repeat(1e5) + "]".repeat(1e5));
    const value = { ...fine, format: nested };
    const { error } = schema.safeParse(value);
    expect(problemIn(schema, value, error!)).toBe("format: must be 2, not a list of lists");
  });
});
