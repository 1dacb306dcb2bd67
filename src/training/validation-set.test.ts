import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platform } from "../../test/support/task-context.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { predictions, skipFactors } from "../diffusion/parameterization.ts";
import { trainingSchedule } from "../diffusion/schedule.ts";
import { configFromPreset, type ModelConfig } from "../models/config.ts";
import { presetNamed } from "../models/presets.ts";
import { nodeCodec } from "../node/codec.ts";
import { scanPhotos } from "../node/photo-folders.ts";
import type { Network } from "../runtime/network.ts";
import { tasks } from "../tasks/registry.ts";
import { samplesSheet } from "./validation.ts";
import {
  byTask,
  type ValidationExample,
  validationExamples,
  validationLoss,
} from "./validation-set.ts";

let folder: string;
let photos: string[];
let examples: ValidationExample[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-held-out-"));
  photos = await scanPhotos([await writePhotos(join(folder, "photos"), 10)]);
  examples = await validationExamples([{ name: "photos", photos }], tasks, {
    ...platform,
    resolution: 32,
    count: 8,
  });
});
afterAll(() => rm(folder, { recursive: true }));

/** A network that believes in the clean pictures `y0`, whatever it sees. */
function believer(
  details: Partial<ModelConfig>,
  y0: (source: Float32Array) => Float32Array,
): Network {
  const names = tasks.map(({ name }) => name);
  const config = { ...configFromPreset(presetNamed("tiny-32"), { tasks: names }), ...details };
  return {
    config,
    async predict({ source, noisy, gamma, shape }) {
      const clean = y0(source);
      const each = noisy.length / shape[0];
      return noisy.map((yt, i) => {
        const level = typeof gamma === "number" ? gamma : gamma[Math.floor(i / each)]!;
        const [signal, noise] = [Math.sqrt(level), Math.sqrt(1 - level)];
        if (config.objective.prediction === "x0") return clean[i]!;
        if (config.objective.prediction === "epsilon") return (yt - signal * clean[i]!) / noise;
        if (config.objective.prediction === "x0-skip") {
          const { skip, share } = skipFactors(level);
          return (clean[i]! - skip * yt) / share;
        }
        return (signal * yt - clean[i]!) / noise;
      });
    },
    async dispose() {},
  };
}

/** The clean pictures of whichever task's examples these sources are. */
function truth(source: Float32Array): Float32Array {
  for (const some of byTask(examples).values()) {
    const sources = some.flatMap(({ condition }) => Array.from(condition.x.data));
    if (sources.every((value, i) => value === source[i]))
      return Float32Array.from(some.flatMap(({ y }) => Array.from(y.data)));
  }
  throw new Error("nobody's source");
}

describe("held-out examples", () => {
  it("are the same every time, and the same photos for every task", async () => {
    const again = await validationExamples([{ name: "photos", photos }], tasks, {
      ...platform,
      resolution: 32,
      count: 8,
    });
    expect(again).toEqual(examples);
    const groups = [...byTask(examples).values()];
    expect(groups.map((some) => some.length)).toEqual([8, 8, 8, 8, 8]);
    for (const some of groups) expect(some.map(({ y }) => y)).toEqual(groups[0]!.map(({ y }) => y));
  });

  it("leave out what cannot be read, and name it", async () => {
    const broken = join(folder, "broken.jpg");
    await writeFile(broken, "no photo");
    const paths = [broken, ...photos.slice(0, 3)];
    const reasons: string[] = [];
    const found = await validationExamples([{ name: "photos", photos: paths }], [tasks[0]], {
      ...platform,
      resolution: 32,
      count: 8,
      onSkip: (reason) => reasons.push(reason),
    });
    expect(found).toHaveLength(3);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(broken);
  });
});

describe("held-out examples of several sources", () => {
  const sources = () => [
    { name: "few", photos: photos.slice(0, 3) },
    { name: "many", photos: photos.slice(3) },
  ];

  it("have so many of each, and a loss by source and task", async () => {
    const both = await validationExamples(sources(), tasks, {
      ...platform,
      resolution: 32,
      count: 5,
    });
    const [first] = byTask(both).values();
    expect(first!.map(({ source }) => source)).toEqual([
      ...Array<string>(3).fill("few"),
      ...Array<string>(5).fill("many"),
    ]);
    const gray = (source: Float32Array) => new Float32Array(source.length);
    const network = believer({ objective: { prediction: "x0" } }, gray);
    const loss = await validationLoss(network, both, trainingSchedule);
    expect(Object.keys(loss.sources!)).toEqual(["few", "many"]);
    for (const { name } of tasks) {
      const { few, many } = loss.sources!;
      expect(loss.tasks[name]).toBeCloseTo((3 * few![name]! + 5 * many![name]!) / 8, 9);
    }
    expect((await validationLoss(network, examples, trainingSchedule)).sources).toBeUndefined();
  });

  it("are the centres of photos, or half of them crops at every scale", async () => {
    const options = { ...platform, resolution: 16, count: 10 };
    const [centres, scales] = await Promise.all([
      validationExamples([{ name: "photos", photos }], [tasks[0]], options),
      validationExamples([{ name: "photos", photos }], [tasks[0]], {
        ...options,
        cropScale: "own..full",
      }),
    ]);
    const same = scales.map(({ y }, k) => y.data.every((v, i) => v === centres[k]!.y.data[i]));
    expect(same.slice(0, 4)).toEqual([true, true, true, true]);
    expect(same.slice(4, 8)).toEqual([false, false, false, false]);
  });
});

describe("the held-out loss", () => {
  it.each(predictions)(
    "of a network that knows the truth is 0 when it predicts %s",
    async (prediction) => {
      const { mean, tasks: each } = await validationLoss(
        believer({ objective: { prediction } }, truth),
        examples,
        trainingSchedule,
      );
      expect(mean).toBeLessThan(1e-6);
      expect(Object.keys(each)).toEqual(["colorize", "inpaint", "uncrop", "dejpeg", "sharpen"]);
    },
  );

  it("of the same belief is the same, however it is predicted", async () => {
    const gray = (source: Float32Array) => new Float32Array(source.length).fill(0.25);
    const [epsilon, v, x0, skip] = await Promise.all(
      predictions.map((prediction) =>
        validationLoss(believer({ objective: { prediction } }, gray), examples, trainingSchedule),
      ),
    );
    // By hand: the mean over 8 pictures of the mean of (0.25 - y)^2.
    const whole = examples.slice(0, 8).map(({ y }) => {
      return y.data.reduce((sum, value) => sum + (0.25 - value) ** 2, 0) / y.data.length;
    });
    expect(x0!.tasks.colorize).toBeCloseTo(whole.reduce((a, b) => a + b) / 8, 6);
    for (const name of Object.keys(x0!.tasks)) {
      expect(epsilon!.tasks[name]).toBeCloseTo(x0!.tasks[name]!, 5);
      expect(v!.tasks[name]).toBeCloseTo(x0!.tasks[name]!, 5);
      expect(skip!.tasks[name]).toBeCloseTo(x0!.tasks[name]!, 5);
    }
  });

  it("clips as sampling does: no estimate is more than 2 off", async () => {
    const wild = (source: Float32Array) => new Float32Array(source.length).fill(1e6);
    const { mean } = await validationLoss(
      believer({ objective: { prediction: "x0" } }, wild),
      examples,
      trainingSchedule,
    );
    expect(mean).toBeLessThanOrEqual(4);
  });
});

describe("the sheet of samples", () => {
  it("has a row a task with input, sample and truth of each example", async () => {
    const some = examples.filter(({ number }) => number < 2);
    const known = (source: Float32Array) => new Float32Array(source.length).fill(-1);
    for (const regression of [false, true]) {
      const sheet = await samplesSheet(
        believer({ objective: { prediction: "x0", regression } }, known),
        some,
        nodeCodec,
      );
      // Pictures of 32 pixels are shown at 128, 4 pixels apart.
      expect(sheet.width).toBe(4 + 6 * (128 + 4));
      expect(sheet.height).toBeGreaterThan(4 * 128);
    }
  });
});
