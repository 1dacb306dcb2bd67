import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largestDifference } from "../../test/support/differentiation.ts";
import { platform } from "../../test/support/task-context.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { type Example, ExampleSource } from "../data/examples.ts";
import { estimateClean, predictions } from "../diffusion/parameterization.ts";
import { gammaAt, smallestGamma, trainingSchedule } from "../diffusion/schedule.ts";
import { presetNamed } from "../models/presets.ts";
import type { Objective } from "../models/settings/objective.ts";
import { noiseEmbeddingInput } from "../nn/network.ts";
import { scanPhotos } from "../node/photo-folders.ts";
import { tasks } from "../tasks/registry.ts";
import { type BatchOptions, BatchSource, type LabelledBatch } from "./batches.ts";

const { network } = presetNamed("tiny-32");
const pixels = network.resolution ** 2;
const values = 3 * pixels;
const count = 24;

describe("the objective, in batches", () => {
  let folder: string;
  let photos: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-batches-"));
    photos = await scanPhotos([await writePhotos(folder, 6)]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  function examples(): ExampleSource {
    return new ExampleSource({
      ...platform,
      photos,
      tasks,
      resolution: network.resolution,
      seed: 5,
    });
  }

  interface Wishes {
    readonly seed?: number;
    readonly objective?: Partial<Objective>;
    readonly optimizer?: Partial<BatchOptions["optimizer"]>;
    readonly sampling?: BatchOptions["sampling"];
  }
  const plain = {
    prediction: "x0",
    loss: "l2",
    weighting: "uniform",
    noiseLevels: "schedule",
  } as const;

  function source(
    { objective, optimizer, ...options }: Wishes = {},
    from = examples(),
  ): BatchSource {
    return new BatchSource(from, {
      network,
      schedule: trainingSchedule,
      seed: 5,
      ...options,
      objective: { ...plain, ...objective },
      optimizer: { batch: count, accumulate: 1, ...optimizer },
    });
  }

  /** Gamma of an image, from what the network is told: 25 (log-SNR + 15). */
  function gammaOf(batch: LabelledBatch, k: number): number {
    return gammaAt(batch.conditioning[k]! / 25 - 15);
  }

  it("are the same numbers whatever was asked before and however images are grouped", async () => {
    const whole = await source().batch(0);
    const options = { optimizer: { batch: 4, accumulate: 3 } };
    const second = await Promise.all([12, 16, 20].map((first) => source(options).batch(first)));
    for (const [j, part] of second.entries()) {
      const first = 12 + 4 * j;
      for (const name of ["source", "noisy", "target"] as const) {
        expect(part[name]).toEqual(whole[name].slice(first * values, (first + 4) * values));
      }
      expect(part.conditioning).toEqual(whole.conditioning.slice(first, first + 4));
      expect(part.tasks).toEqual(whole.tasks.slice(first, first + 4));
    }
    const other = await source({ seed: 6 }).batch(0);
    expect(other.noisy).not.toEqual(whole.noisy);
  });

  it("leave x out of some pictures to colorize, and change nothing else", async () => {
    const [all, some] = [
      await source().batch(0),
      await source({ objective: { conditioningDropout: 0.5 } }).batch(0),
    ];
    const dropped = some.tasks.filter((task, k) => {
      const range = [k * values, (k + 1) * values] as const;
      const kept = all.source.slice(...range);
      const x = some.source.slice(...range);
      if (x.every((value) => value === 0)) return true;
      expect(x, task).toEqual(kept);
      return false;
    });
    expect([...new Set(dropped)]).toEqual(["colorize"]);
    expect(some.tasks.filter((task) => task === "colorize").length).toBeGreaterThan(dropped.length);
    expect({ ...some, source: undefined }).toEqual({ ...all, source: undefined });
  });

  it("show a task what first calls are given as often as asked, and the others as before", async () => {
    const [plainly, often] = [
      await source().batch(0),
      await source({ objective: { firstCall: { inpaint: 0.5 } } }).batch(0),
    ];
    const changed = often.tasks.filter((task, k) => {
      if (gammaOf(often, k) === gammaOf(plainly, k)) return false;
      expect(task).toBe("inpaint");
      expect(gammaOf(often, k)).toBeCloseTo(smallestGamma(trainingSchedule), 6);
      return true;
    });
    expect(changed.length).toBeGreaterThan(0);
    expect(often.tasks.filter((task) => task === "inpaint").length).toBeGreaterThan(changed.length);
    expect(often.target).toEqual(plainly.target);
  });

  it("begin at x where sampling does, and what is wrong with x is noise", async () => {
    const sampling = { jpegStarts: { 1: 0.5 }, startNoise: { dejpeg: 0 } };
    const from = examples();
    const objective = { prediction: "x0-skip", firstCall: { dejpeg: 1, colorize: 1 } } as const;
    const batch = await source({ objective, sampling }, from).batch(0);
    for (const [k, task] of batch.tasks.entries()) {
      const gamma = gammaOf(batch, k);
      if (task === "colorize") expect(gamma).toBeCloseTo(smallestGamma(trainingSchedule), 6);
      if (task !== "dejpeg") continue;
      expect(gamma).toBeCloseTo(0.8, 5); // 1 / (1 + 0.5^2)
      const { y, condition } = await from.example(k);
      const [noisy, output] = [batch.noisy, batch.target].map((all) =>
        all.slice(k * values, (k + 1) * values),
      );
      const x = condition.x.data.map((value) => Math.sqrt(0.8) * value);
      expect(largestDifference(noisy!, x)).toBeLessThan(1e-6);
      const clean = estimateClean("x0-skip", output!, noisy!, gamma);
      expect(largestDifference(clean, y.data)).toBeLessThan(1e-5);
    }
    const some = { ...sampling, startNoise: { dejpeg: 0.4 } };
    const noisier = await source({ objective, sampling: some }, from).batch(0);
    const at = values * batch.tasks.indexOf("dejpeg");
    const added = noisier.noisy
      .slice(at, at + values)
      .map((value, i) => (value - batch.noisy[at + i]!) / Math.sqrt(0.2));
    const deviation = Math.sqrt(added.reduce((sum, value) => sum + value ** 2, 0) / values);
    expect(deviation).toBeGreaterThan(0);
    expect(deviation).toBeLessThan(0.42);
  });

  it("are made a few at a time", async () => {
    let [now, most] = [0, 0];
    class Counted extends ExampleSource {
      override async example(index: number): Promise<Example> {
        now += 1;
        most = Math.max(most, now);
        const made = await super.example(index);
        now -= 1;
        return made;
      }
    }
    const counted = new Counted({ ...platform, photos, tasks, resolution: 32, seed: 5 });
    expect((await source({ optimizer: { batch: 40 } }, counted).batch(0)).tasks).toHaveLength(40);
    expect(most).toBe(16);
  });

  it.each(predictions)("ask for %s, from which the clean picture follows", async (prediction) => {
    const [batch, clean] = [
      await source({ objective: { prediction } }).batch(0),
      await source().batch(0),
    ];
    for (let k = 0; k < count; k++) {
      const range = [k * values, (k + 1) * values] as const;
      const mask = (await examples().example(k)).condition.mask;
      const y = clean.target.subarray(...range);
      const gamma = gammaOf(batch, k);
      expect(gamma).toBeGreaterThan(0.99 * smallestGamma(trainingSchedule));
      const found = estimateClean(
        prediction,
        batch.target.subarray(...range),
        batch.noisy.subarray(...range),
        gamma,
      );
      let worst = 0;
      found.forEach((value, i) => {
        // Known pixels are pasted clean into y_t, where the relation does not hold.
        if (mask && mask.data[i % pixels] === 0) expect(batch.noisy[range[0] + i]).toBe(y[i]);
        else worst = Math.max(worst, Math.abs(value - y[i]!));
      });
      // The level is float32; 1/sqrt(gamma) magnifies its rounding.
      expect(worst).toBeLessThan(1e-4 / Math.sqrt(gamma));
    }
  });

  it("weigh each image by its part of the update, on the pixels to be filled alone", async () => {
    const batch = await source({ optimizer: { batch: 8, accumulate: 3 } }).batch(0);
    for (let k = 0; k < 8; k++) {
      const weight = batch.weight.subarray(k * pixels, (k + 1) * pixels);
      const { mask } = (await examples().example(k)).condition;
      // Three channels share a pixel's weight.
      expect(3 * weight.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1 / 24, 6);
      weight.forEach((value, i) => {
        if (mask) expect(value > 0).toBe(mask.data[i] === 1);
      });
    }
    const weighted = await source({
      optimizer: { batch: 8, accumulate: 3 },
      objective: { weighting: "min-snr" },
    }).batch(0);
    for (let k = 0; k < 8; k++) {
      const ratio =
        Math.max(...weighted.weight.subarray(k * pixels, (k + 1) * pixels)) /
        Math.max(...batch.weight.subarray(k * pixels, (k + 1) * pixels));
      expect(ratio).toBeCloseTo(Math.min(8, 1 / (1 - gammaOf(batch, k))), 2);
    }
  });

  it("of the regression baseline have no noise: zeros at gamma 0, target y", async () => {
    const [batch, diffusion] = [
      await source({ objective: { regression: true } }).batch(0),
      await source().batch(0),
    ];
    expect(batch.noisy.every((value) => value === 0)).toBe(true);
    expect(
      batch.conditioning.every((value) => value === Math.fround(noiseEmbeddingInput(network, 0))),
    ).toBe(true);
    expect(batch.target).toEqual(diffusion.target);
    expect(batch.source).toEqual(diffusion.source);
  });

  it.each(["l1", "rms"] as const)(
    "weigh an error by the square root where its size and not its square is the loss: %s",
    async (loss) => {
      const [squared, plain] = [
        await source({ objective: { weighting: "balanced" } }).batch(0),
        await source({ objective: { weighting: "balanced", loss } }).batch(0),
      ];
      expect(plain.target).toEqual(squared.target);
      for (let k = 0; k < count; k++) {
        const of = ({ weight }: LabelledBatch) =>
          3 * count * weight.subarray(k * pixels, (k + 1) * pixels).reduce((a, b) => a + b);
        expect(of(plain) ** 2 / of(squared)).toBeCloseTo(1, 4);
      }
    },
  );

  it("draw the noise levels of p(gamma): t is uniform", async () => {
    const one = new BatchSource(
      new ExampleSource({ ...platform, photos, tasks: [tasks[0]], resolution: 32, seed: 1 }),
      {
        network,
        objective: plain,
        schedule: trainingSchedule,
        seed: 1,
        optimizer: { batch: 400, accumulate: 1 },
      },
    );
    const batch = await one.batch(0);
    const early = Array.from(
      batch.conditioning,
      (_, k) => gammaOf(batch, k) > trainingSchedule.gammas[1000]!,
    );
    expect(Math.abs(early.filter(Boolean).length / 400 - 0.5)).toBeLessThan(0.08);
  });
});
