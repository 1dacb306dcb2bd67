import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../test/support/memory-store.ts";
import {
  bytesOf,
  numbersOf,
  often,
  statsOf,
  trainingRuns,
} from "../../test/support/training-runs.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { readImage } from "../node/decode-image.ts";
import { loadModel } from "../node/model-folder.ts";
import { nodePlatform, type TrainingRequest } from "../node/training.ts";
import { runTraining } from "./train.ts";

const runs = trainingRuns();
const { newRun, trained } = runs;

describe("a training", () => {
  it("leaves a model that can be loaded, samples, statistics and no lock", async () => {
    expect((await readdir(runs.base())).sort()).toEqual([
      "checkpoint.safetensors",
      "clock.json",
      "config.json",
      "log.txt",
      "model",
      "photos.tsv",
      "samples",
      "stats.jsonl",
    ]);
    const { config, parameters } = await loadModel(join(runs.base(), "model"));
    expect(config).toMatchObject({
      name: "custom",
      training: { images: 8, steps: 4, seed: 3, data: "7 photos, 2 more held out (every:7:1)" },
    });
    expect(parameters.every(Number.isFinite)).toBe(true);
    const sheet = await readImage(join(runs.base(), "samples", "000008.png"));
    // Two held-out photos: input, sample and truth of each.
    expect(sheet.width).toBeGreaterThan(6 * 128);
    const stats = await statsOf(runs.base());
    expect(stats.map(({ images }) => images)).toEqual([4, 8]);
    expect(stats[1]!.validationLoss).toBeGreaterThan(0);
  });

  it("learns: losses fall within a few hundred images, and annealing ends it", async () => {
    const out = newRun();
    const { stats, outcome } = await trained(
      { out, images: 1000, statsEvery: 40, heldOutEvery: 80 },
      {
        optimizer: { batch: 8, warmUpImages: 40, annealImages: 160, learningRate: 3e-3 },
        threads: 2,
      },
    );
    expect(outcome).toMatchObject({ end: "images", images: 160 });
    expect(stats.at(-1)).toMatchObject({ learningRate: 0 });
    expect(stats.at(-1)!.loss).toBeLessThan(0.6 * stats[0]!.loss);
    const looks = stats.filter(({ validationLoss }) => validationLoss !== undefined);
    expect(looks[1]!.validationLoss!).toBeLessThan(looks[0]!.validationLoss!);
  });

  it("reports the mean loss of each task since the last line", async () => {
    const { progress, stats } = await trained({ out: newRun(), images: 8 });
    for (const [k, line] of stats.entries()) {
      const updates = progress.slice(2 * k, 2 * k + 2);
      const losses = updates.flatMap((update) => update.losses);
      const tasks = updates.flatMap((update) => update.tasks);
      expect(line.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 4, 12);
      for (const [task, mean] of Object.entries(line.lossByTask)) {
        const own = losses.filter((_, i) => tasks[i] === task);
        expect(mean).toBeCloseTo(own.reduce((sum, loss) => sum + loss, 0) / own.length, 12);
      }
      expect(Object.keys(line.lossByTask).sort()).toEqual([...new Set(tasks)].sort());
    }
  });

  it("draws tasks by the mix, looks at each alike, and records it and variation in the model", async () => {
    const mix = { dejpeg: 7 };
    const { progress, stats, outcome } = await trained(
      { out: newRun(), images: 64, statsEvery: 64, heldOutEvery: 64 },
      {
        optimizer: { batch: 16 },
        tasks: ["colorize", "dejpeg"],
        mix,
        augmentation: { vary: true },
      },
    );
    const drawn = progress.flatMap(({ tasks }) => tasks);
    // 56 of 64 expected, with a deviation of 2.6.
    expect(drawn.filter((task) => task === "dejpeg").length).toBeGreaterThan(47);
    expect(drawn).toContain("colorize");
    expect(Object.keys(stats.at(-1)!.validationLossByTask!)).toEqual(["colorize", "dejpeg"]);
    expect((await loadModel(outcome.model)).config).toMatchObject({
      tasks: ["colorize", "dejpeg"],
      training: { mix, augmentation: { vary: true } },
    });
  });

  it("does not depend on reports, checkpoints, samples or where the photos lie", async () => {
    const moved = await writePhotos(runs.path("moved", "photos"), 9);
    const run = newRun();
    await trained(
      { out: run, checkpointEvery: { images: 2 }, samplesEvery: 4, heldOutEvery: 1000 },
      { data: [moved] },
    );
    const names = ["model/weights.safetensors", "model/config.json"];
    expect(await bytesOf(run, ...names)).toEqual(await bytesOf(runs.base(), ...names));
    const other = await trained({ out: newRun() }, { seed: 4 });
    expect(await bytesOf(other.outcome.model, "weights.safetensors")).not.toEqual(
      await bytesOf(runs.base(), names[0]!),
    );
  });

  it("skips broken photos, names each once and counts them", async () => {
    const data = [await writePhotos(runs.path("some broken"), 4, 3)];
    const { lines, outcome } = await trained(
      { out: newRun(), images: 40 },
      { data, holdOut: "none", optimizer: { batch: 10 } },
    );
    const skipped = lines.filter((line) => line.startsWith("photo skipped:"));
    expect(skipped.map((line) => /broken-\d/.exec(line)?.[0]).sort()).toEqual([
      "broken-0",
      "broken-1",
      "broken-2",
    ]);
    expect(outcome.skippedPhotos).toBe(3);
  });

  it.each([
    [
      "the regression baseline",
      { objective: { regression: true } },
      { name: "custom-regression", objective: { prediction: "x0", regression: true } },
    ],
    [
      "epsilon, with l1 and accumulation",
      { objective: { prediction: "epsilon", loss: "l1" }, optimizer: { accumulate: 2 } },
      { objective: { prediction: "epsilon", loss: "l1", noiseLevels: "schedule" } },
    ],
    [
      "v, weighted uniformly, unclipped",
      { objective: { prediction: "v", weighting: "uniform" }, optimizer: { clip: null } },
      { objective: { prediction: "v" } },
    ],
  ] satisfies [string, Partial<TrainingRequest>, object][])(
    "trains %s",
    async (_, wishes, expected) => {
      const { outcome } = await trained({ out: newRun() }, wishes);
      const { config } = await loadModel(outcome.model);
      expect(config).toMatchObject(expected);
      expect(outcome.validationLoss!.mean).toBeGreaterThan(0);
      // The worst estimate in [-1, 1] is 2 off.
      expect(outcome.validationLoss!.mean).toBeLessThan(4);
    },
  );

  it("keeps its run in any store, with the same numbers", async () => {
    const plan = await runs.planned();
    const store = memoryStore();
    const outcome = await runTraining(plan, store, nodePlatform, { images: 8, ...often });
    expect(outcome).toMatchObject({ end: "images", images: 8, model: "memory" });
    const { parameters } = await loadModel(join(runs.base(), "model"));
    expect(store.kept.model!.parameters).toEqual(parameters);
    expect(store.kept.stats.map(numbersOf)).toEqual((await statsOf(runs.base())).map(numbersOf));
    expect(store.kept.sheets).toEqual([8]);
    const goesOn = await runTraining(plan, store, nodePlatform, { images: 12, ...often });
    expect(goesOn).toMatchObject({ images: 12, seen: 4 });
  });
});
