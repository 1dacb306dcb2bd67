import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { failureOf } from "../../test/support/failure.ts";
import {
  repositoryConfig,
  stateDict,
  theirModel,
  tinyCall,
  tinyCheckpoint,
  tinyConfig,
} from "../../test/support/pytorch-palette.ts";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { torchFile, type Written, type WrittenTensor } from "../../test/support/torch-file.ts";
import { linearSchedule } from "../diffusion/schedule.ts";
import type { Model } from "../models/model.ts";
import type { UNetConfig } from "../nn/config.ts";
import { loadNetwork } from "../node/load-network.ts";
import { exportSafetensors } from "./export-network.ts";
import { type ImportOptions, importNetwork } from "./import-network.ts";

const { written } = temporaryFiles("_Network.pth");
const configs = temporaryFiles(".json");

const imported = async (value: Written, options?: ImportOptions) =>
  importNetwork(await written(torchFile(value)), options);

/** The largest difference, as a share of the largest expected value. */
function relative(got: Float32Array, expected: Float32Array): number {
  let [worst, largest] = [0, 0];
  expected.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - got[i]!));
    largest = Math.max(largest, Math.abs(value));
  });
  return worst / largest;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

const configFor = (...args: Parameters<typeof repositoryConfig>) =>
  configs.written(repositoryConfig(...args));

describe("parity with PyTorch", () => {
  it("holds for a checkpoint written by PyTorch 1.13, in half precision", async () => {
    const path = await written(await tinyCheckpoint(), "7_Network.pth");
    const { model } = await importNetwork(path, { config: tinyConfig });
    const { source, noisy, gamma, shape, eps } = await tinyCall();
    const network = await loadNetwork(model, { threads: 2 });
    const output = await network.predict({ source, noisy, gamma, shape });
    await network.dispose();
    expect(relative(output, eps)).toBeLessThan(1e-5);
  });

  const shared = fileURLToPath(
    new URL("../../../shared/fixtures/pytorch-palette/", import.meta.url),
  );
  it.skipIf(!existsSync(shared))(
    "holds for the shared fixture, at another size than its configuration's",
    async () => {
      const { model, notes } = await importNetwork(join(shared, "200_Network.pth"), {
        config: join(shared, "config.json"),
      });
      expect(model.parameters).toHaveLength(3_014_211);
      expect(model.config.network).toMatchObject({ resolution: 64, attention: [32] });
      expect(notes.join(" ")).not.toMatch(/assumed/);
      const floats = (name: string) => {
        const bytes = readFileSync(join(shared, name));
        return new Float32Array(
          bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
        );
      };
      const network = await loadNetwork(model, { threads: 2 });
      const output = await network.predict({
        source: floats("y_cond.f32"),
        noisy: floats("y_t.f32"),
        gamma: [...floats("gamma.f32")],
        shape: [2, 3, 32, 32],
      });
      await network.dispose();
      expect(relative(output, floats("eps.f32"))).toBeLessThan(1e-5);
    },
  );
});

describe("what is read from a checkpoint and its configuration", () => {
  it("is a model with the checkpoint's schedules, tasks and habits", async () => {
    const path = await written(await tinyCheckpoint(), "7_Network.pth");
    const { model, notes } = await importNetwork(path, { config: tinyConfig, name: "tiny" });
    expect(model.config).toMatchObject({
      name: "tiny",
      network: {
        resolution: 16,
        channels: 3,
        stem: 1,
        outputSkip: "none",
        type: "unet",
        base: 32,
        multipliers: [1, 1],
        blocks: 1,
        attention: [8],
        headChannels: 16,
        resampling: "block",
        groups: 32,
        embedding: "gamma",
      },
      objective: { prediction: "epsilon" },
      tasks: ["uncrop"],
      trainingSchedule: { type: "linear", steps: 200, betaFirst: 1e-5, betaLast: 0.1 },
      inferenceSchedule: { type: "linear", steps: 50, betaFirst: 1e-3, betaLast: 0.3 },
      ddpm: { variance: "posterior", clip: true, start: "source", belowTrained: true },
      origin: {
        project: "Janspiry/Palette-Image-to-Image-Diffusion-Models",
        file: "7_Network.pth",
        notes,
      },
    });
    expect(notes).toHaveLength(3);
    expect(notes[0]).toMatch(/down-sampling factor \(attn_res\), here at 2 and the middle's 2/);
  });

  it("without a configuration is what shapes and the schedule's numbers say; the rest is said", async () => {
    const { model, notes } = await importNetwork(
      await written(await tinyCheckpoint(), "8_Network_ema.pth"),
    );
    expect(model.config).toMatchObject({
      name: "8_Network_ema",
      network: {
        resolution: 256,
        attention: [128],
        headChannels: 32,
        base: 32,
        multipliers: [1, 1],
      },
      trainingSchedule: { type: "linear", steps: 200, betaFirst: 1e-5, betaLast: 0.1 },
      inferenceSchedule: { type: "linear", steps: 1000, betaFirst: 1e-4, betaLast: 0.09 },
      tasks: ["inpaint"],
    });
    expect(notes.filter((note) => note.includes("assumed"))).toHaveLength(3);
  });

  it("yields to what is asked for", async () => {
    const path = await written(await tinyCheckpoint());
    const { model } = await importNetwork(path, {
      config: tinyConfig,
      resolution: 64,
      tasks: ["colorize", "dejpeg"],
    });
    expect(model.config.network).toMatchObject({ resolution: 64, attention: [32] });
    expect(model.config.tasks).toEqual(["colorize", "dejpeg"]);
  });

  it("takes the data's picture size before the network's, which says nothing there", async () => {
    const model = theirModel();
    const dataset = { which_dataset: { args: { image_size: [32, 32] } } };
    const text = JSON.parse(readFileSync(await configFor(model.config.network), "utf8").slice(7));
    const config = await written(
      JSON.stringify({ ...text, datasets: { train: dataset } }),
      "data.json",
    );
    const { model: read } = await imported(stateDict(model), { config });
    expect(read.config.network.resolution).toBe(32);
  });

  it("says that an attn_res which is no factor has no effect", async () => {
    const model = theirModel({ attention: [] });
    const config = await configFor(model.config.network, { attn_res: [16] });
    const { notes } = await imported(stateDict(model), { config });
    expect(notes).toContain("attn_res 16 is no down-sampling factor of it and has no effect.");
  });
});

describe("variants", () => {
  const variants: [string, Partial<UNetConfig>][] = [
    ["another width", { base: 64, multipliers: [1, 2], headChannels: 32 }],
    [
      "four levels without attention but in the middle",
      { multipliers: [1, 2, 2, 1], attention: [] },
    ],
    ["attention at all levels", { multipliers: [1, 2, 4], attention: [16, 8, 4] }],
    ["three blocks", { blocks: 3 }],
    ["one level", { multipliers: [2], attention: [16] }],
    ["one level of two blocks without attention", { multipliers: [2], attention: [], blocks: 2 }],
    ["resampling by convolutions", { resampling: "convolution", multipliers: [1, 2, 2] }],
    [
      "resampling by convolutions beside attention",
      { resampling: "convolution", attention: [16, 8] },
    ],
    ["one channel", { channels: 1 }],
  ];

  it.each(variants)("%s: from names and shapes alone, to the bit", async (_, network) => {
    const model = theirModel(network);
    const { model: read } = await imported(stateDict(model), { resolution: 16 });
    expect(read.config.network).toEqual(model.config.network);
    expect(bytesOf(read.parameters).equals(bytesOf(model.parameters))).toBe(true);
  });

  it.each<[string, (state: Map<string, WrittenTensor>) => Written]>([
    ["as it is", (state) => state],
    [
      "within a dictionary",
      (state) =>
        new Map<string, Written>([
          ["epoch", 3],
          ["state_dict", state],
        ]),
    ],
    ["of DataParallel", (state) => renamed(state, (name) => `module.${name}`)],
    ["of torch.compile", (state) => renamed(state, (name) => `_orig_mod.${name}`)],
    ["of the U-Net alone", (state) => renamed(state, (name) => name.replace("denoise_fn.", ""))],
  ])("a state dict %s", async (_, wrap) => {
    const model = theirModel();
    const state = new Map<string, WrittenTensor>(stateDict(model));
    state.set("gammas", { shape: [1], data: [0.5] });
    const { model: read } = await imported(wrap(state), { resolution: 16 });
    expect(bytesOf(read.parameters).equals(bytesOf(model.parameters))).toBe(true);
    expect(read.config.trainingSchedule).toMatchObject({ steps: 1, betaFirst: 0.5 });
  });

  describe("weights as trained and averaged", () => {
    const raw = theirModel();
    const averaged = { ...raw, parameters: raw.parameters.map((value) => value / 2) };
    const named = (model: Model, ...[from, to]: [RegExp, string]) =>
      renamed(new Map<string, WrittenTensor>(stateDict(model)), (name) => name.replace(from, to));
    const gammas: [string, WrittenTensor] = ["gammas", { shape: [1], data: [0.5] }];
    const optimizer: [string, Written] = ["optimizer", new Map([["denoise_fn.x", gammas[1]]])];
    const flat = (prefix: string, ema: string) =>
      new Map([
        ...named(raw, /^/, prefix),
        [`${prefix}gammas`, gammas[1]] as const,
        ...named(averaged, /^/, ema),
      ]);

    it.each<[string, Map<string, Written>]>([
      [
        "in two dictionaries",
        new Map<string, Written>([
          ["model", new Map([...named(raw, /^/, ""), gammas])],
          ["ema", named(averaged, /^/, "")],
          optimizer,
        ]),
      ],
      [
        "of basicsr",
        new Map<string, Written>([
          [
            "params",
            new Map([...named(raw, /^/, "module."), ["module.gammas", gammas[1]] as const]),
          ],
          ["params_ema", named(averaged, /denoise_fn\./, "")],
        ]),
      ],
      [
        "of ema-pytorch within a checkpoint",
        new Map<string, Written>([
          ["model", new Map([...named(raw, /^/, ""), gammas])],
          [
            "ema",
            new Map<string, Written>([
              ["step", 3],
              ...named(raw, /^/, "online_model."),
              ...named(averaged, /^/, "ema_model."),
            ]),
          ],
        ]),
      ],
      ["of ema-pytorch in one dictionary", flat("online_model.", "ema_model.")],
      ["in one dictionary", flat("model.", "model_ema.")],
      [
        "of LitEma, without dots",
        new Map<string, Written>([
          [
            "state_dict",
            new Map([
              ...named(raw, /^/, "model."),
              ["model.gammas", gammas[1]] as const,
              ...[...named(averaged, /^/, "")].map(
                ([name, tensor]) => [`model_ema.${name.replaceAll(".", "")}`, tensor] as const,
              ),
            ]),
          ],
        ]),
      ],
      [
        "beside the U-Net alone",
        new Map<string, Written>([
          ...named(raw, /denoise_fn\./, ""),
          gammas,
          ["ema", named(averaged, /^/, "")],
        ]),
      ],
    ])("%s: the averaged ones, or those that are wanted", async (_, state) => {
      for (const [weights, expected, note] of [
        [undefined, averaged, /^Averaged weights were taken \(.*ema.*\), not those as trained/],
        ["ema", averaged, /^Averaged weights were taken/],
        ["raw", raw, /^Weights as trained were taken \(.*\), not the averaged ones \(.*ema/],
      ] as const) {
        const { model, notes } = await imported(state, {
          resolution: 16,
          ...(weights && { weights }),
        });
        expect(bytesOf(model.parameters).equals(bytesOf(expected.parameters))).toBe(true);
        expect(model.config.trainingSchedule).toMatchObject({ steps: 1, betaFirst: 0.5 });
        expect(notes[0]).toMatch(note);
        expect(model.config.origin?.notes).toEqual(notes);
      }
    });

    it("of which there is one only are taken as they are, and others are refused", async () => {
      const alone = named(averaged, /^/, "ema.");
      const { model } = await imported(alone, { resolution: 16 });
      expect(bytesOf(model.parameters).equals(bytesOf(averaged.parameters))).toBe(true);
      expect(await failureOf(imported(alone, { weights: "raw" }))).toMatch(
        /holds averaged weights only \(ema\.denoise_fn\.\): leave out --weights/,
      );
      expect(await failureOf(imported(named(raw, /^/, ""), { weights: "ema" }))).toMatch(
        /holds no averaged weights/,
      );
    });
  });

  it("queries, keys and values in the other order (use_new_attention_order)", async () => {
    const model = theirModel();
    const { headChannels } = model.config.network;
    const state = stateDict(model);
    for (const [name, { shape, data }] of state) {
      if (!name.includes(".qkv.")) continue;
      // Row (head, part, i) of theirs by default stands at (part, head, i) in the other order.
      const [rows] = shape as [number];
      const width = data.length / rows;
      const other = new Float32Array(data.length);
      for (let row = 0; row < rows; row++) {
        const [head, part] = [
          Math.floor(row / (3 * headChannels)),
          Math.floor(row / headChannels) % 3,
        ];
        const to = (part * rows) / 3 + head * headChannels + (row % headChannels);
        other.set(data.subarray(row * width, (row + 1) * width), to * width);
      }
      state.set(name, { shape, data: other });
    }
    const config = await configFor(model.config.network, { use_new_attention_order: true });
    const { model: read } = await imported(state, { config });
    expect(bytesOf(read.parameters).equals(bytesOf(model.parameters))).toBe(true);
  });

  it("a number of heads in place of their size", async () => {
    const model = theirModel({ headChannels: 16 });
    const config = await configFor(model.config.network, { num_head_channels: -1, num_heads: 4 });
    const { network } = (await imported(stateDict(model), { config })).model.config;
    expect(network).toMatchObject({ headChannels: 16 });
    const wide = theirModel({ attention: [16, 8] });
    const several = await configFor(wide.config.network, { num_head_channels: -1, num_heads: 1 });
    expect(await failureOf(imported(stateDict(wide), { config: several }))).toMatch(
      /num_heads.*64 and 32 channels/,
    );
  });

  it("heads of other sizes at levels without attention", async () => {
    const model = theirModel({ headChannels: 64 });
    const config = await configFor(model.config.network);
    const { network } = (await imported(stateDict(model), { config })).model.config;
    expect(network).toMatchObject({ headChannels: 64 });
  });

  it("our own export, with everything that its configuration says", async () => {
    const model = theirModel(
      {},
      {
        objective: { prediction: "v" },
        tasks: ["dejpeg"],
        training: { images: 7 },
      },
    );
    const path = await written(exportSafetensors(model).bytes, "x.safetensors");
    const { model: read } = await importNetwork(path, { name: "random" });
    expect(read.config).toEqual(model.config);
    expect(bytesOf(read.parameters).equals(bytesOf(model.parameters))).toBe(true);
  });

  it("our own export of a network that PyTorch's Palette has not", async () => {
    const model = randomModel({ objective: { prediction: "x0-skip" }, training: { images: 7 } });
    const path = await written(exportSafetensors(model).bytes, "ours.safetensors");
    const { model: read, notes } = await importNetwork(path, { name: "random" });
    expect(read.config).toEqual(model.config);
    expect(bytesOf(read.parameters).equals(bytesOf(model.parameters))).toBe(true);
    expect(notes).toEqual([]);
    expect((await importNetwork(path, { tasks: ["dejpeg"] })).model.config).toMatchObject({
      tasks: ["dejpeg"],
    });
    await expect(importNetwork(path, { resolution: 64 })).rejects.toThrow(
      /with its own configuration: leave out --config, --resolution and --weights/,
    );
  });
});

describe("schedules", () => {
  const network = theirModel();
  /** As the re-implementation registers them: computed in float64, kept in float32. */
  const buffers = (steps: number, first: number, last: number) => {
    const gammas = linearSchedule(steps, first, last).gammas.subarray(1);
    const buffer = (value: (gamma: number) => number) => ({
      shape: [steps],
      data: Float32Array.from(gammas, value),
    });
    return {
      gammas: buffer((gamma) => gamma),
      sqrt_recipm1_gammas: buffer((gamma) => Math.sqrt(1 / gamma - 1)),
    };
  };
  const withBuffers = (...args: Parameters<typeof buffers>) =>
    new Map<string, Written>([...stateDict(network), ...Object.entries(buffers(...args))]);
  const schedule = (steps: number, start: number, end: number, name = "linear") => ({
    schedule: name,
    n_timestep: steps,
    linear_start: start,
    linear_end: end,
  });

  it("a test schedule beside the weights is not taken for the training's", async () => {
    const config = await configFor(
      network.config.network,
      {},
      {
        beta_schedule: { train: schedule(500, 1e-5, 0.04), test: schedule(100, 1e-3, 0.2) },
      },
    );
    const { model } = await imported(withBuffers(100, 1e-3, 0.2), { config });
    expect(model.config.trainingSchedule).toEqual({
      type: "linear",
      steps: 500,
      betaFirst: 1e-5,
      betaLast: 0.04,
    });
    expect(model.config.inferenceSchedule).toEqual({
      type: "linear",
      steps: 100,
      betaFirst: 1e-3,
      betaLast: 0.2,
    });
  });

  it("the weights' own counts where the configuration says another", async () => {
    const config = await configFor(
      network.config.network,
      {},
      {
        beta_schedule: { train: schedule(2000, 1e-6, 0.01), test: schedule(1000, 1e-4, 0.09) },
      },
    );
    const { model, notes } = await imported(withBuffers(300, 1e-5, 0.05), { config });
    expect(model.config.trainingSchedule).toMatchObject({
      steps: 300,
      betaFirst: 1e-5,
      betaLast: 0.05,
    });
    expect(notes.join(" ")).toMatch(/linear, 2000 steps.*is not the one beside the weights/);
  });

  it("a cosine schedule is replaced by the linear one with its ends, which is said", async () => {
    const config = await configFor(
      network.config.network,
      {},
      {
        beta_schedule: {
          train: { schedule: "cosine", n_timestep: 1000 },
          test: schedule(50, 1e-3, 0.3),
        },
      },
    );
    const { model, notes } = await imported(stateDict(network), { config });
    expect(model.config.trainingSchedule.steps).toBe(1000);
    expect(notes).toContain(
      "The training schedule is replaced by a linear one with the same ends.",
    );
  });
});

function renamed(
  state: ReadonlyMap<string, WrittenTensor>,
  rename: (name: string) => string,
): Map<string, WrittenTensor> {
  return new Map([...state].map(([name, tensor]) => [rename(name), tensor]));
}
