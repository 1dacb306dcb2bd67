import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { failureOf } from "../../test/support/failure.ts";
import { bytesOf, results, trainingRuns } from "../../test/support/training-runs.ts";
import { presetNamed } from "../models/presets.ts";
import { loadModel, saveModel } from "../node/model-folder.ts";
import { UsageError } from "../util/errors.ts";
import { trainedModel } from "./run-config.ts";
import { emptyState } from "./step/strategy.ts";
import { setInitialWeights } from "./warm-start.ts";

const runs = trainingRuns();
const { newRun, planned, trained, refusal } = runs;
const model = () => join(runs.base(), "model");

describe("a training that begins with a model", () => {
  it("has its weights, and an optimizer that has seen nothing", async () => {
    const { config, from } = await planned({ from: model() });
    const state = emptyState(config.network);
    await setInitialWeights(state, config, from);
    const { parameters } = await loadModel(model());
    expect(Buffer.from(state.parameters.buffer).equals(Buffer.from(parameters.buffer))).toBe(true);
    expect(state).toMatchObject({ step: 0 });
    expect([...state.m, ...state.v].every((value) => value === 0)).toBe(true);
  });

  it("goes on from what the model has learned", async () => {
    const long = { images: 160, statsEvery: 32, heldOutEvery: 160 };
    const wishes = {
      optimizer: { batch: 8, warmUpImages: 40, learningRate: 2e-3 },
      threads: 2,
      // Losses of few images compare where the examples are alike.
      tasks: ["colorize", "dejpeg"],
      augmentation: { cropScale: "half..full" },
    } as const;
    const first = await trained({ out: newRun(), ...long }, wishes);
    const second = { out: newRun(), images: 32, statsEvery: 32, heldOutEvery: 32 };
    const { stats, lines } = await trained(second, { ...wishes, from: first.outcome.model });
    expect(lines[0]).toMatch(/^starting with the weights of custom: 7 photos/);
    expect(stats[0]!.loss).toBeLessThan(0.7 * first.stats[0]!.loss);
    expect(stats[0]!.validationLoss).toBeLessThan(1.2 * first.stats.at(-1)!.validationLoss!);
  });

  it("says so in its own model, whose history is kept from one to the next", async () => {
    const [second, third] = [newRun(), newRun()];
    await trained({ out: second, images: 4 }, { from: model() });
    const { training } = (await loadModel(join(second, "model"))).config;
    const { digests, holdOut } = (await loadModel(model())).config.training!.photos!;
    const photos = { digests, holdOut };
    const digest = expect.stringMatching(/^[0-9a-f]{16}$/);
    expect(training).toMatchObject({
      images: 4,
      from: { name: "custom", digest, images: 8, photos: [photos] },
    });
    await trained(
      { out: third, images: 4 },
      { from: join(second, "model"), holdOut: "every:3:1", objective: { regression: false } },
    );
    expect((await loadModel(join(third, "model"))).config.training).toMatchObject({
      photos: { holdOut: "every:3:1" },
      from: { images: 12, photos: [photos] },
    });
  });

  it("stopped and continued ends with the bytes of one that was not", async () => {
    const [whole, parts] = [newRun(), newRun()];
    await trained({ out: whole }, { from: model() });
    await trained({ out: parts, images: 4 }, { from: model() });
    await trained({ out: parts }, { from: model() });
    expect(await bytesOf(parts, ...results)).toEqual(await bytesOf(whole, ...results));
    expect(await bytesOf(whole, results[1]!)).not.toEqual(await bytesOf(runs.base(), results[1]!));
  });

  it("needs its model for the first session only, and keeps to it", async () => {
    const out = newRun();
    const folder = runs.path("once");
    await cp(model(), folder, { recursive: true });
    await trained({ out, images: 4 }, { from: folder });
    await rm(folder, { recursive: true });
    // Its network is that of the model.
    await trained({ out, images: 8 }, { network: undefined });
    await trained({ out, images: 12 }, { from: folder });
    const { training } = (await loadModel(join(out, "model"))).config;
    expect(training).toMatchObject({ images: 12, from: { name: "custom", images: 8 } });
    const other = await refusal({ out, images: 16 }, { from: model() });
    expect(other).toMatch(/The run began with .*once: leave out --from to continue it/);
    const fresh = await refusal({ out: await runs.copied(), images: 12 }, { from: folder });
    expect(fresh).toMatch(/began with fresh weights/);
  });

  it("names a damaged model, and begins when it is mended", async () => {
    const out = newRun();
    const folder = runs.path("damaged");
    await cp(model(), folder, { recursive: true });
    const weights = join(folder, "weights.safetensors");
    const whole = await readFile(weights);
    await writeFile(weights, whole.subarray(0, -100));
    expect(await refusal({ out, images: 4 }, { from: folder })).toMatch(/damaged.*cut short/);
    await writeFile(weights, whole);
    const { config, parameters } = await loadModel(folder);
    parameters[7] = Number.NaN;
    await saveModel(folder, { config, parameters });
    expect(await refusal({ out, images: 4 }, { from: folder })).toMatch(/not finite: begin with/);
    await writeFile(weights, whole);
    expect((await trained({ out, images: 4 }, { from: folder })).outcome.images).toBe(4);
  });

  it("has the objective, the hold-out rule, the way of sampling and the origin of the model", async () => {
    const folder = runs.path("imported");
    const { config: plain, parameters } = randomModel({ objective: { prediction: "v" } });
    const { photos } = (await planned()).config;
    const known = { digests: photos.digests, holdOut: "every:3:1" };
    const training = { images: 5, photos: known };
    const objective = {
      prediction: "v",
      loss: "l1",
      weighting: "min-snr",
      noiseLevels: "schedule",
    } as const;
    const kept = {
      sampler: { sampler: "ddim", eta: 0.5, spacing: "time", sigmaMin: 0 },
      ddpm: { variance: "posterior", clip: true, start: "source", belowTrained: true },
      origin: { project: "another", file: "its.pth" },
    } as const;
    await saveModel(folder, { config: { ...plain, ...kept, objective, training }, parameters });
    const { config, notes } = await planned({ from: folder });
    expect(config).toMatchObject({ objective, ...kept, photos: { holdOut: "every:3:1" } });
    expect(notes).toEqual([]);
    expect(trainedModel(config, { images: 1, steps: 1 })).toMatchObject({
      objective,
      ...kept,
    });
    const other = await planned({
      from: folder,
      holdOut: "every:3:2",
      objective: { weighting: "uniform" },
    });
    expect(other.config).toMatchObject({
      objective: { weighting: "uniform", noiseLevels: "schedule" },
    });
    expect(other.notes.join()).toMatch(/trained on some of the held-out photos/);
  });

  it("takes network, prediction and schedules from the model, the rest from its preset", async () => {
    const folder = runs.path("wide");
    const { config, parameters } = randomModel({ objective: { prediction: "v" } });
    const inferenceSchedule = { ...config.inferenceSchedule, steps: 500 };
    await saveModel(folder, { config: { ...config, inferenceSchedule }, parameters });
    const plan = await planned({ from: folder, preset: undefined });
    expect(plan.config).toMatchObject({
      preset: "tiny-32",
      objective: { prediction: "v" },
      inferenceSchedule,
      from: { name: "random", images: 0, photos: [] },
    });
    const other = await planned({ from: folder, preset: "small-64" });
    expect(other.config).toMatchObject({ preset: "custom", network: config.network });
  });

  it("goes on as the regression baseline, if it predicts pictures, and not back", async () => {
    const sampling = { steps: { dejpeg: 2 }, starts: { dejpeg: 1.5 } };
    const folder = runs.path("diffusion");
    await saveModel(folder, randomModel({ sampling }));
    const { config } = await planned({ from: folder, objective: { regression: true } });
    expect(config.objective).toMatchObject({ prediction: "x0", regression: true });
    expect([config.sampler, config.sampling]).toEqual([undefined, undefined]);
    const baseline = runs.path("baseline");
    const trained = trainedModel(config, { images: 1, steps: 1 });
    await saveModel(baseline, { config: trained, parameters: randomModel().parameters });
    const back = planned({ from: baseline, objective: { regression: false } });
    await expect(back).rejects.toThrow(/leave out --regression \(it is a regression model\)/);
    await saveModel(folder, randomModel({ objective: { prediction: "v" } }));
    const other = planned({ from: folder, objective: { regression: true } });
    await expect(other).rejects.toThrow(
      /predicts v, .* predicts x0 or x0-skip, or leave out --from/,
    );
  });

  it("refuses what the model decides, what is no model, and the run's own model", async () => {
    const { network } = presetNamed("small-64");
    for (const wishes of [{ network }, { objective: { prediction: "epsilon" } }] as const) {
      const failure = planned({ from: model(), ...wishes });
      await expect(failure).rejects.toBeInstanceOf(UsageError);
      await expect(failure).rejects.toThrow(/leave out --(network|predict epsilon)/);
    }
    expect(await failureOf(planned({ from: runs.base() }))).toMatch(/its model is .*base.model/);
    expect(await failureOf(planned({ from: "nowhere" }))).toMatch(/no model folder nowhere/);
    const own = await runs.copied();
    expect(await refusal({ out: own }, { from: join(own, "model") })).toMatch(/leave out --from/);
  });
});
