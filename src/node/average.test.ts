/** Averages whose length is chosen after the training: runs that keep them, `palette average`. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { palette } from "../../test/support/command.ts";
import { largest, largestDifference } from "../../test/support/differentiation.ts";
import { smallestUNet as network } from "../../test/support/smallest-unet.ts";
import { bytesOf, results, trainingRuns } from "../../test/support/training-runs.ts";
import { readParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { loadModel } from "./model-folder.ts";
import { openSafetensors } from "./safetensors-file.ts";
import { train } from "./training.ts";

const runs = trainingRuns(false);
const seldom = { statsEvery: 20, heldOutEvery: 1e6, samplesEvery: 1e6, lastValidation: false };
const averaging = { network, optimizer: { postHocEma: true } } as const;

/** A vector of a run's checkpoint. */
async function vectorIn(run: string, name: string): Promise<Float32Array> {
  const file = await openSafetensors(join(run, "checkpoint.safetensors"));
  const vector = await file.read(file.places.get(name)!);
  await file.close();
  return vector;
}

const snapshotsOf = async (run: string) =>
  (await readdir(join(run, "averages"))).map((name) => join("averages", name)).sort();

let whole = "";
beforeAll(async () => {
  whole = runs.newRun();
  await runs.trained({ out: whole, images: 120, ...seldom }, averaging);
});

describe("a run that keeps power-function averages", () => {
  it("has the bytes of one at once when it was killed after its last checkpoint", async () => {
    const run = runs.newRun();
    await runs.trained({ out: run, images: 50, ...seldom }, averaging);
    const saved = await snapshotsOf(run);
    const progress = ({ images }: { images: number }) => {
      if (images === 90) throw new Error("killed");
    };
    const options = { out: run, images: 120, ...seldom, reporter: { line() {}, progress } };
    const plan = await runs.planned({ out: run, ...averaging });
    await expect(train(plan, options)).rejects.toThrow("killed");
    expect((await snapshotsOf(run)).length).toBeGreaterThan(saved.length);
    await runs.trained({ out: run, images: 50, ...seldom }, averaging);
    expect(await snapshotsOf(run)).toEqual(saved);
    await runs.trained({ out: run, images: 120, ...seldom }, averaging);
    const names = await snapshotsOf(whole);
    expect(names).toHaveLength(15);
    expect(await snapshotsOf(run)).toEqual(names);
    const files = [...results, ...names];
    expect(await bytesOf(run, ...files)).toEqual(await bytesOf(whole, ...files));
  });

  it("may have begun without them, and trains the same weights", async () => {
    const run = runs.newRun();
    await runs.trained({ out: run, images: 80, ...seldom }, { network });
    const refused = await palette("average", run, "--length", "0.05", "-o", runs.path("none"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("keeps no averages to choose from yet: continue it with");
    const { lines } = await runs.trained({ out: run, images: 120, ...seldom }, averaging);
    expect(lines.join()).toContain("the averages of --post-hoc-ema begin at 80 images");
    for (const name of ["parameters", "ema"])
      expect(await vectorIn(run, name)).toEqual(await vectorIn(whole, name));
    expect(await vectorIn(run, "emaLong")).not.toEqual(await vectorIn(whole, "emaLong"));
    // 20 updates of their own: the first snapshot comes after 16.
    expect(await snapshotsOf(run)).toEqual(
      ["000116", "000120"].map((images) => `averages/${images}.safetensors`),
    );
    const less = await runs.refusal({ out: run, images: 130 }, { network });
    expect(less).toContain("optimizer.postHocEma: true -> none");
  });
});

describe("palette average", () => {
  it("makes a model of the average of a length", async () => {
    const out = runs.path("averaged");
    const made = await palette("average", whole, "--length", "0.05", "-o", out);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const { config, parameters } = await loadModel(out);
    expect(config.training).toMatchObject({ images: 120, steps: 60, averageLength: 0.05 });
    const kept = await vectorIn(whole, "emaShort");
    const expected = parameterSpecs(network).flatMap((spec) => [...readParameter(kept, spec)]);
    const found = parameterSpecs(network).flatMap((spec) => [...readParameter(parameters, spec)]);
    expect(largestDifference(found, expected)).toBeLessThan(1e-6 * largest(expected));
    const again = await palette("average", whole, "--length", "0.05", "-o", out);
    expect(again.stderr).toContain("--force replaces it");
  });

  it("compares lengths by the run's held-out photos", async () => {
    const { lines, code } = await palette("average", whole, "--lengths", "0.05,0.2");
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual([
      ...["average", "decay 0.9998", "0.05", "0.2"],
    ]);
    expect(lines[0]).toMatch(/held-out loss +colorize +inpaint/);
    const losses = lines.slice(1).map((line) => line.split(/ {2,}/)[1]);
    expect(new Set(losses).size).toBe(3);
  });

  it("refuses what it cannot make", async () => {
    for (const [argv, message] of [
      [["--length", "0.3"], /Give a number from 0.02 to 0.25/],
      [[], /Give the --length of the average to make, or several --lengths/],
      [["--lengths", "0.1", "-o", "x"], /writes no model: leave out -o/],
      [["--lengths", "0.1", "--data", join(whole, "averages")], /no photos|not those of the run/i],
    ] as const) {
      const { stderr, code } = await palette("average", whole, ...argv);
      expect(stderr).toMatch(message);
      expect(code).toBeGreaterThan(0);
    }
    const folder = runs.photos();
    expect((await palette("average", folder, "--length", "0.1")).stderr).toContain(
      "holds no training with a checkpoint",
    );
    expect(await readFile(join(whole, "config.json"), "utf8")).toContain('"postHocEma": true');
  });
});
