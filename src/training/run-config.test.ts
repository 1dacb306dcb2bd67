import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { presetNamed } from "../models/presets.ts";
import { saveModel } from "../node/model-folder.ts";
import { planTraining, type TrainingRequest } from "../node/training.ts";
import { UsageError } from "../util/errors.ts";
import { differences, parseRunConfig, type RunConfig } from "./run-config.ts";
import { emaDecayAt, learningRateAt } from "./step/optimizer.ts";

let folder: string;
let request: TrainingRequest;
let config: RunConfig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-plan-"));
  const data = [await writePhotos(join(folder, "photos"), 9)];
  request = { data, preset: "tiny-32", threads: 2 };
  config = (await planTraining(request)).config;
});
afterAll(() => rm(folder, { recursive: true }));

describe("a plan", () => {
  it("takes what is not said from the preset", () => {
    expect(config).toMatchObject({
      objective: {
        prediction: "x0-skip",
        weighting: "balanced",
        noiseLevels: "log-normal",
        loss: "l1",
      },
      optimizer: { ...presetNamed("tiny-32").optimizer, accumulate: 1 },
      seed: 1,
      tasks: ["colorize", "inpaint", "uncrop", "dejpeg", "sharpen"],
      augmentation: { cropScale: "own..full", jpegQuality: "paper", gray: 0, vary: false },
      photos: { training: 7, heldOut: 2, holdOut: "every:7:1" },
    });
  });

  it("does not care for the order of tasks, nor where the photos lie", async () => {
    const moved = await writePhotos(join(folder, "moved"), 9);
    const tasks = ["dejpeg", "uncrop", "sharpen", "inpaint", "colorize", "dejpeg"];
    const other = await planTraining({ ...request, data: [moved], tasks, threads: 3 });
    expect(differences(config, other.config)).toEqual([]);
  });

  it("knows another mix, share of gray or variation for another run, and what changes nothing for the same", async () => {
    const equal = await planTraining({ ...request, mix: { dejpeg: 1, colorize: 1 } });
    expect(differences(config, equal.config)).toEqual([]);
    const mixed = await planTraining({ ...request, mix: { dejpeg: 3 } });
    expect(differences(config, mixed.config)).toEqual(["mix.dejpeg: none -> 3"]);
    const gray = await planTraining({ ...request, augmentation: { gray: 0.2 } });
    expect(differences(config, gray.config)).toEqual(["augmentation.gray: 0 -> 0.2"]);
    const varied = await planTraining({ ...request, augmentation: { vary: true } });
    expect(differences(config, varied.config)).toEqual(["augmentation.vary: false -> true"]);
    const plain = await planTraining({ ...request, augmentation: { gray: 0, vary: false } });
    expect(differences(config, plain.config)).toEqual([]);
  });

  it("draws photos by the weights of folders and file names, and records them", async () => {
    const [here] = request.data as [string];
    const there = await writePhotos(join(folder, "there"), 9);
    await rm(join(there, "photo-008.png"));
    const weighed = await planTraining({
      ...request,
      data: [here, there],
      folderWeights: { [there]: 3 },
      fileWeights: [
        { glob: "photo-*5*", weight: 0 },
        { glob: "photo-*4*", weight: 0.5 },
      ],
    });
    const { training, weights, sources, config: recorded } = weighed;
    // Held out are 001 and 008 of the one and 001 of the other; both 005 are never drawn.
    const drawn = training.map((path, k) => [basename(path), weights![k]] as const);
    expect(drawn.filter(([name]) => name === "photo-005.png")).toEqual([]);
    expect(drawn.filter(([name]) => name === "photo-004.png").map(([, w]) => w)).toEqual(
      expect.arrayContaining([0.5, 1.5]),
    );
    expect(training).toHaveLength(12);
    expect(recorded.photos.training).toBe(12);
    expect(Object.values(recorded.photos.weights!.folders!).sort()).toEqual([1, 3]);
    expect(recorded.photos.weights!.files).toHaveLength(2);
    expect(sources.map(({ name }) => name).sort()).toEqual(["photos", "there"]);
    const even = await planTraining({ ...request, folderWeights: { [here]: 3 } });
    expect(even.weights).toBeUndefined();
    expect(differences(config, even.config)).toEqual([]);
    const nothing = planTraining({ ...request, folderWeights: { [here]: 0 } });
    await expect(nothing).rejects.toThrow(/none is drawn/);
  });

  it("draws every scale, but goes on as the run began", async () => {
    const old = { ...config, augmentation: { ...config.augmentation, cropScale: "half..full" } };
    const out = join(folder, "old-run");
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "config.json"), JSON.stringify(old));
    await writeFile(join(out, "checkpoint.safetensors"), "not read by a plan");
    const again = await planTraining({ ...request, out });
    expect(again.config.augmentation.cropScale).toBe("half..full");
    const half = await planTraining({ ...request, augmentation: { cropScale: "half..full" } });
    expect(half.config.augmentation.cropScale).toBe("half..full");
    const wide = await planTraining({ ...request, augmentation: { jpegQuality: "wide" } });
    expect(differences(config, wide.config)).toEqual(["augmentation.jpegQuality: paper -> wide"]);
  });

  it("weighs epsilon as the paper does, and refuses weights that it cannot have", async () => {
    const { config } = await planTraining({ ...request, objective: { prediction: "epsilon" } });
    expect(config).toMatchObject({
      objective: { loss: "l2", weighting: "uniform", noiseLevels: "schedule" },
    });
    const objective = { prediction: "epsilon", weighting: "balanced" } as const;
    const balanced = { ...request, objective };
    await expect(planTraining(balanced)).rejects.toThrow(/not for epsilon/);
  });

  it("refuses a network for other pictures than those of three channels", async () => {
    const network = { ...presetNamed("tiny-32").network, channels: 1 };
    const planned = planTraining({ ...request, network });
    await expect(planned).rejects.toThrow(/3 channels, but the network has 1/);
    await expect(planned).rejects.toBeInstanceOf(UsageError);
  });

  it("of the baseline predicts y, and nothing else", async () => {
    const { config } = await planTraining({
      ...request,
      preset: "tiny-32",
      objective: { regression: true },
    });
    expect(config).toMatchObject({
      objective: {
        prediction: "x0",
        loss: "l2",
        weighting: "uniform",
        noiseLevels: "schedule",
        regression: true,
      },
    });
    await expect(
      planTraining({ ...request, objective: { regression: true, prediction: "epsilon" } }),
    ).rejects.toThrow(UsageError);
  });

  it("leaves the picture out of colorization alone, and nowhere for the baseline", async () => {
    const planned = (objective: object, tasks: string[] = ["colorize", "dejpeg"]) =>
      planTraining({ ...request, tasks, objective });
    const { config } = await planned({ conditioningDropout: 0.1 });
    expect(config.objective.conditioningDropout).toBe(0.1);
    expect((await planned({ conditioningDropout: 0 })).config.objective).not.toHaveProperty(
      "conditioningDropout",
    );
    await expect(planned({ conditioningDropout: 0.1 }, ["dejpeg"])).rejects.toThrow(
      "not among the tasks",
    );
    const baseline = { conditioningDropout: 0.1, regression: true };
    await expect(planned(baseline)).rejects.toThrow("cannot be guided");
  });

  it("trains at another resolution, a model's weights too", async () => {
    const { config } = await planTraining({ ...request, preset: "tiny-32", resolution: 64 });
    const { network } = presetNamed("tiny-32");
    expect(config).toMatchObject({ preset: "custom", network: { resolution: 64 } });
    const model = randomModel({}, network);
    await saveModel(join(folder, "small"), model);
    const start = { ...request, preset: undefined, from: join(folder, "small") };
    const larger = await planTraining({ ...start, resolution: 64 });
    expect(larger.config.network).toEqual(config.network);
    await expect(planTraining({ ...start, resolution: 50 })).rejects.toThrow(
      "The network cannot be for 50 pixels a side",
    );
  });

  it("shows first calls to tasks that are learned, and not to the baseline", async () => {
    const planned = (objective: object) =>
      planTraining({ ...request, tasks: ["colorize", "dejpeg"], objective });
    const { config } = await planned({ firstCall: { dejpeg: 0.3 } });
    expect(config.objective.firstCall).toEqual({ dejpeg: 0.3 });
    await expect(planned({ firstCall: { inpaint: 0.3 } })).rejects.toThrow(
      "--first-call names inpaint, which is not among the tasks to learn.",
    );
    await expect(planned({ firstCall: { dejpeg: 0.3 }, regression: true })).rejects.toThrow(
      "has one call",
    );
  });

  it("notices other photos", async () => {
    const more = await writePhotos(join(folder, "more"), 10);
    const { config: other } = await planTraining({ ...request, data: [more] });
    expect(differences(config, other).join()).toMatch(
      /photos.training: 7 -> 8,photos.digests: \S+ -> \S+/,
    );
  });
});

describe("a run's configuration", () => {
  it("survives its file", () => {
    expect(parseRunConfig(JSON.stringify(config), "config.json")).toEqual(config);
  });

  it("names what differs, old -> new", () => {
    const other: RunConfig = {
      ...config,
      objective: { ...config.objective, loss: "l2" },
      optimizer: { ...config.optimizer, clip: 0.25 },
      tasks: ["inpaint"],
    };
    expect(differences(config, other)).toEqual([
      "objective.loss: l1 -> l2",
      "tasks: colorize,inpaint,uncrop,dejpeg,sharpen -> inpaint",
      `optimizer.clip: ${config.optimizer.clip} -> 0.25`,
    ]);
  });

  it("is refused in one line when it cannot be read", () => {
    for (const text of ["", "{}", "no json", JSON.stringify({ ...config, seed: 0.5 })]) {
      expect(() => parseRunConfig(text, "run/config.json")).toThrow(
        /^run\/config\.json is not the configuration[^\n]*choose another --out\.$/,
      );
    }
  });

  it("warms the learning rate up linearly in images", () => {
    const rates = { learningRate: 0.01, warmUpImages: 1000 };
    expect(learningRateAt(rates, 8)).toBeCloseTo(0.00008, 12);
    expect(learningRateAt(rates, 500)).toBeCloseTo(0.005, 12);
    expect(learningRateAt(rates, 5000)).toBe(0.01);
    expect(learningRateAt({ ...rates, warmUpImages: 0 }, 8)).toBe(0.01);
  });

  it("anneals the learning rate to 0 in a straight line after the warm-up", () => {
    const rates = { learningRate: 0.01, warmUpImages: 1000, annealImages: 5000 };
    expect(learningRateAt(rates, 500)).toBeCloseTo(0.005, 12);
    expect(learningRateAt(rates, 1000)).toBe(0.01);
    expect(learningRateAt(rates, 4000)).toBeCloseTo(0.0025, 12);
    expect(learningRateAt(rates, 5000)).toBe(0);
    expect(learningRateAt(rates, 6000)).toBe(0);
  });

  it("lets the average forget the untrained weights", () => {
    // The untrained weights' share in the average after n updates is the product of the decays.
    let [ramped, constant] = [1, 1];
    for (let step = 0; step < 500; step++) {
      ramped *= emaDecayAt({ emaDecay: 0.9999 }, step);
      constant *= 0.9999;
    }
    expect(constant).toBeGreaterThan(0.95);
    expect(ramped).toBeLessThan(1e-15);
    expect(emaDecayAt({ emaDecay: 0.9999 }, 1e6)).toBe(0.9999);
  });
});
