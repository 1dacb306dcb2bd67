/** `palette info MODEL|PRESET`: what a network is, costs and was trained on. */
import {
  changedSettings,
  defaultSampler,
  type SamplerConfig,
} from "../diffusion/samplers/sampler-config.ts";
import { imagesSeen, type ModelConfig } from "../models/config.ts";
import { type Preset, presetNames, presets } from "../models/presets.ts";
import { mostJpegQuality } from "../models/settings/by-jpeg-quality.ts";
import { describeNetwork, type Layer, type NetworkDescription } from "../models/summary.ts";
import { bundledModels, findModel, isFolder, loadModelConfig } from "../node/model-folder.ts";
import { samplingDefaults } from "../pipeline/sampling-options.ts";
import { PaletteError } from "../util/errors.ts";
import { counted, inGigabytes, quantity } from "../util/format.ts";
import type { InfoFlags } from "./commands/info.ts";
import { say } from "./console.ts";

type Subject =
  | { readonly kind: "model"; readonly folder: string; readonly config: ModelConfig }
  | { readonly kind: "preset"; readonly config: Preset };

/** Prints what is known of a model or a preset. */
export async function info(name: string | undefined, { json }: InfoFlags): Promise<void> {
  const subject = await find(name);
  const description = describeNetwork(subject.config.network);
  say(json ? toJson(subject, description) : toText(subject, description));
}

async function find(name: string | undefined): Promise<Subject> {
  const preset = presets.find((one) => one.name === name);
  if (preset !== undefined && !(await isFolder(preset.name))) {
    return { kind: "preset", config: preset };
  }
  if (name !== undefined && !(await isFolder(name))) {
    const bundled = await bundledModels();
    if (!bundled.includes(name)) {
      const models = bundled.length > 0 ? ` and the models ${bundled.join(", ")}` : "";
      throw new PaletteError(
        `There is no model folder or preset ${name}; known are the presets ${presetNames.join(", ")}${models}.`,
      );
    }
  }
  const folder = await findModel(name);
  return { kind: "model", folder, config: await loadModelConfig(folder) };
}

function toJson(subject: Subject, description: NetworkDescription): string {
  const { config, ...rest } = subject;
  return JSON.stringify({ ...rest, ...config, ...description }, undefined, 2);
}

function toText(subject: Subject, { parameters, memory, layers }: NetworkDescription): string {
  const { config, kind } = subject;
  const { network, objective } = config;
  const { prediction } = objective;
  const facts: [string, string][] = [
    [kind, kind === "model" ? `${config.name} (${subject.folder})` : config.name],
    ["parameters", counted(parameters)],
    ["resolution", `${network.resolution} x ${network.resolution} pixels`],
  ];
  if (kind === "preset") {
    const { batch, learningRate, warmUpImages, emaDecay, clip } = subject.config.optimizer;
    facts.push(
      ["description", subject.config.description],
      ["predicts", prediction],
      [
        "training",
        `batch ${batch}, learning rate ${learningRate}, warm-up ${counted(warmUpImages)} images, ` +
          `EMA ${emaDecay}, ${clip === null ? "no clipping" : `clipped at ${clip}`}`,
      ],
    );
  } else {
    facts.push(
      ["predicts", objective.regression ? "y directly (regression baseline)" : prediction],
      ["tasks", subject.config.tasks.join(", ") || "none"],
      ["trained on", trainingOf(subject.config)],
    );
    if (!objective.regression) facts.push(["sampled with", samplingOf(subject.config)]);
    const { sampling } = subject.config;
    if (sampling?.jpegShares) {
      facts.push(["JPEGs", `improves those up to quality ${mostJpegQuality(sampling)}`]);
    }
    const { int8, origin } = subject.config;
    if (int8) facts.push(["int8", quantity(Object.keys(int8.ranges).length, "convolution")]);
    if (origin) facts.push(["imported from", `${origin.file} of ${origin.project}`]);
  }
  facts.push(
    ["weights", inGigabytes(memory.weights)],
    ["memory", `about ${inGigabytes(memory.sampling)} to restore photos`],
  );
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = facts.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
  return [...lines, "", ...layerTable(layers)].join("\n");
}

/** As the options of restoring would say it. */
function samplingOf({ sampler, sampling }: ModelConfig): string {
  const model = wayOf(sampler ?? defaultSampler);
  const ofTasks = Object.entries(sampling?.steps ?? {}).map(
    ([task, steps]) => `${steps} for ${task}`,
  );
  const steps = ["--steps", [samplingDefaults.steps, ...ofTasks].join(", ")].join(" ");
  const others = Object.entries(sampling?.samplers ?? {}).map(
    ([task, own]) => `; ${task} by ${wayOf(own)}`,
  );
  return `${model} ${steps}${others.join("")}`;
}

/** "--sampler ddim --eta 1" */
function wayOf(config: SamplerConfig): string {
  const settings = changedSettings(config).map(({ flag, value }) => `--${flag} ${value}`);
  return [`--sampler ${config.sampler}`, ...settings].join(" ");
}

function trainingOf(config: ModelConfig): string {
  const { training, objective } = config;
  if (training === undefined) return "not recorded";
  const { hours, data, seed, from, averageLength } = training;
  return [
    data,
    `${quantity(imagesSeen(config), "image")} seen`,
    from && `the first ${counted(from.images)} as ${from.name}`,
    hours !== undefined && `${hours.toFixed(1)} hours`,
    objective.loss && `loss ${objective.loss.toUpperCase()}`,
    averageLength !== undefined && `averaged over a length of ${averageLength}`,
    seed !== undefined && `seed ${seed}`,
  ]
    .filter((part) => part)
    .join("; ");
}

function layerTable(layers: readonly Layer[]): string[] {
  const rows = [
    ["layer", "output", "parameters"],
    ...layers.map(({ name, channels, side, parameters }) => [
      name,
      side === undefined ? `${channels}` : `${channels} x ${side} x ${side}`,
      counted(parameters),
    ]),
  ];
  const widths = [0, 1, 2].map((c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map(([name, output, parameters]) =>
    [name!.padEnd(widths[0]!), output!.padEnd(widths[1]!), parameters!.padStart(widths[2]!)].join(
      "  ",
    ),
  );
}
