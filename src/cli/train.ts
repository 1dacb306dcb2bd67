/** `palette train`: a model from folders of photos. */
import { access, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type CropScale, cropScales } from "../data/crop-scale.ts";
import { type FileWeight, parseFileWeights } from "../data/weights.ts";
import { noiseLevelDistributions } from "../diffusion/noise-level-distribution.ts";
import { predictions, weightings } from "../diffusion/parameterization.ts";
import { presetNames } from "../models/presets.ts";
import { type Loss, losses } from "../nn/loss.ts";
import { RunFolder } from "../node/run-folder.ts";
import type { Device } from "../runtime/runtime.ts";
import { tasks } from "../tasks/registry.ts";
import { type JpegQualities, jpegQualities } from "../tasks/task.ts";
import { trainingMemory } from "../training/memory.ts";
import { defaultIntervals, type TrainingOptions } from "../training/options.ts";
import { planTraining, type TrainingRequest } from "../training/plan.ts";
import { imagesPerUpdate, type RunConfig } from "../training/run-config.ts";
import { largestShare, type TaskMix } from "../training/task-sampler.ts";
import { train } from "../training/train.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { counted } from "../util/format.ts";
import { deviceOption, listOf, numberBetween, wholeNumber } from "./arguments.ts";
import { log, say } from "./console.ts";
import { Interrupted, interruptible } from "./interrupt.ts";
import { networkOption, readNetwork } from "./network.ts";
import { whileWaiting } from "./progress.ts";
import { ProgressReporter } from "./training-progress.ts";

interface Options {
  data: string[];
  weights?: string;
  cropScale?: CropScale;
  jpegQuality?: JpegQualities;
  out: string;
  preset?: string;
  from?: string;
  network?: string;
  tasks?: string[];
  mix?: TaskMix;
  gray?: number;
  vary?: boolean;
  holdOut?: string;
  loss?: Loss;
  predict?: TrainingRequest["prediction"];
  weighting?: TrainingRequest["weighting"];
  levels?: TrainingRequest["levels"];
  regression?: boolean;
  images?: number;
  hours?: number;
  batch?: number;
  accumulate: number;
  lr?: number;
  warmup?: number;
  ema?: number;
  clip?: number | null;
  seed: number;
  threads?: number;
  device: Device;
  checkpointEvery: NonNullable<TrainingOptions["checkpointEvery"]>;
  statsEvery: number;
  heldOutEvery: number;
  samplesEvery: number;
  dryRun?: boolean;
  json?: boolean;
}

/** Adds `palette train`. */
export function trainCommand(program: Command): void {
  const names = tasks.map(({ name }) => name);
  const whole = wholeNumber(1);
  program
    .command("train")
    .description(
      "Train a model on folders of photos. The same command again continues a run; Ctrl-C saves and stops.",
    )
    .optionsGroup("Data:")
    .requiredOption(
      "--data <dir...>",
      "folders of photos of any size and format; photos/:0.5 draws those of a folder half as often",
    )
    .option(
      "--weights <file>",
      "how often photos are drawn by their file names: lines of a glob and a weight, as in grocery-* 0.4",
    )
    .addOption(
      new Option(
        "--crop-scale <from..to>",
        "which part of a photo a crop shows: its own pixels or half of it, to all of it (default: own..full)",
      ).choices(cropScales),
    )
    .addOption(
      new Option(
        "--jpeg-quality <range>",
        "paper: 5 to 30; wide: a quarter up to 95, and some saved twice (default: paper)",
      ).choices(jpegQualities),
    )
    .option("--tasks <names>", `${names.join(",")}: which to learn (default: all)`, listOf)
    .option(
      "--mix <shares>",
      "tasks to draw more often than the others: dejpeg:3,inpaint:2 (default: all equally often)",
      taskShares,
    )
    .option(
      "--gray <share>",
      "share of the pictures shown in black and white, colorization apart (default: 0)",
      numberBetween(0, 1),
    )
    .option("--vary", "give each crop another aspect and tone: for a few hundred photos or less")
    .option(
      "--hold-out <rule>",
      "photos never trained on: every:N:K or none (default: every:7:1, or as the model of --from had it)",
    )
    .optionsGroup("Run:")
    .requiredOption("--out <dir>", "run folder, created or continued")
    .option("--images <n>", "stop after so many images, of all sittings together", whole)
    .option("--hours <h>", "stop after so many hours, of all sittings together", positive)
    .option("--seed <n>", "of all randomness", wholeNumber(0), 1)
    .option("--threads <n>", "threads to compute with (default: those of the run, or all)", whole)
    .addOption(deviceOption())
    .optionsGroup("Network and objective:")
    .addOption(
      new Option(
        "--preset <name>",
        "network and its settings (default: small-64, or that of --from's network)",
      ).choices(presetNames),
    )
    .option(
      "--from <model>",
      "begin with the weights, network and objective of a model: its folder or name",
    )
    .addOption(networkOption())
    .addOption(
      new Option(
        "--loss <p>",
        "error to minimise (default: the preset's, or that of --from)",
      ).choices(losses),
    )
    .addOption(
      new Option(
        "--predict <what>",
        "what the network predicts (default: the preset's, or that of --from)",
      ).choices(predictions),
    )
    .addOption(
      new Option(
        "--weighting <name>",
        "weight of the noise levels (default: the preset's, or that of --from)",
      ).choices(weightings),
    )
    .addOption(
      new Option(
        "--levels <name>",
        "how noise levels are drawn (default: the preset's, or as of --from)",
      ).choices(noiseLevelDistributions),
    )
    .option("--regression", "train the paper's baseline: no noise, one network call")
    .optionsGroup("Optimizer (defaults: the preset's):")
    .option("--batch <n>", "images a gradient", whole)
    .option("--accumulate <n>", "gradients an update", whole, 1)
    .option("--lr <rate>", "Adam's learning rate", positive)
    .option("--warmup <images>", "linear rise of the rate", wholeNumber(0))
    .option("--ema <decay>", "decay of the averaged weights an update, below 1", emaDecay)
    .option("--clip <norm>", "largest norm of the gradient, or none", clipNorm)
    .optionsGroup("Reports:")
    .addOption(
      new Option("--checkpoint-every <when>", "images, or minutes as 10min")
        .argParser(interval)
        .default(defaultIntervals.checkpointEvery, "10min"),
    )
    .option("--stats-every <images>", "lines of stats.jsonl", whole, defaultIntervals.statsEvery)
    .option("--held-out-every <images>", "held-out losses", whole, defaultIntervals.heldOutEvery)
    .option("--samples-every <images>", "sheets of samples", whole, defaultIntervals.samplesEvery)
    .option("--dry-run", "print the resolved configuration and stop")
    .option("--json", "print the configuration or the outcome as JSON on stdout")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const known = await RunFolder.configIn(options.out);
  const folders = await Promise.all(options.data.map(weightedFolder));
  const planning = planTraining({
    data: folders.map(({ folder }) => folder),
    folderWeights: Object.fromEntries(folders.map(({ folder, weight }) => [folder, weight])),
    fileWeights: options.weights === undefined ? undefined : await readWeights(options.weights),
    cropScale: options.cropScale,
    jpegQuality: options.jpegQuality,
    preset: options.preset,
    from: options.from,
    out: options.out,
    network: options.network === undefined ? undefined : await readNetwork(options.network),
    tasks: options.tasks,
    mix: options.mix,
    gray: options.gray,
    vary: options.vary,
    holdOut: options.holdOut,
    loss: options.loss,
    prediction: options.predict,
    weighting: options.weighting,
    levels: options.levels,
    regression: options.regression,
    batch: options.batch,
    accumulate: options.accumulate,
    learningRate: options.lr,
    warmUpImages: options.warmup,
    emaDecay: options.ema,
    clip: options.clip,
    seed: options.seed,
    threads: options.threads ?? known?.machine.threads ?? availableParallelism(),
  });
  const plan = await whileWaiting("Looking for photos", planning);
  if (options.dryRun) {
    for (const note of plan.notes) log(note);
    say(options.json ? inJson(plan.config) : inWords(plan.config));
    return;
  }
  const { images, hours } = options;
  const reporter = Object.assign(
    new ProgressReporter({ tasks: plan.config.tasks, images, hours }),
    { waiting: whileWaiting },
  );
  const { checkpointEvery, statsEvery, heldOutEvery, samplesEvery } = options;
  try {
    await interruptible(async (signal) => {
      signal.addEventListener("abort", () => {
        reporter.line("stopping and saving; once more to stop without saving");
      });
      const outcome = await train(plan, {
        out: options.out,
        images,
        hours,
        checkpointEvery,
        statsEvery,
        heldOutEvery,
        samplesEvery,
        signal,
        reporter,
        device: options.device,
      });
      if (options.json) say(JSON.stringify(outcome));
      // After Ctrl-C a script must not go on; a SIGTERM has been obeyed.
      const reason: unknown = outcome.end === "stopped" ? signal.reason : undefined;
      if (reason instanceof Interrupted && reason.exitCode === 130) throw reason;
    });
  } finally {
    reporter.end();
  }
}

/** "photos/:0.5"; a folder whose name ends so is itself. */
async function weightedFolder(text: string): Promise<{ folder: string; weight: number }> {
  const [, folder, weight] = /^(.+):(\d*\.?\d+)$/.exec(text) ?? [];
  const whole = { folder: text, weight: 1 };
  if (folder === undefined) return whole;
  const there = await access(text).then(
    () => true,
    () => false,
  );
  return there ? whole : { folder, weight: Number(weight) };
}

async function readWeights(path: string): Promise<FileWeight[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  }
  return parseFileWeights(text, path);
}

/** "dejpeg:3,inpaint:2" */
function taskShares(text: string): TaskMix {
  const shares = listOf(text).map((part) => {
    const [name, share, ...rest] = part.split(":").map((piece) => piece.trim());
    if (!name || !share || rest.length > 0)
      throw new InvalidArgumentError(`Give tasks and their shares, as dejpeg:3, not "${part}".`);
    return [name, wholeNumber(1, largestShare)(share)] as const;
  });
  if (new Set(shares.map(([name]) => name)).size < shares.length)
    throw new InvalidArgumentError("Name each task once.");
  return Object.fromEntries(shares);
}

function weightsInWords({ photos: { weights = {}, digests }, machine }: RunConfig): string {
  const { folders = {}, files = [] } = weights;
  const parts = [
    ...(Object.keys(folders).length > 0
      ? [
          `folders ${digests.map((digest) => folders[digest]).join(", ")} (of ${machine.folders.length})`,
        ]
      : []),
    ...files.map(({ glob, weight }) => `${glob} ${weight}`),
  ];
  return parts.join(", ");
}

function inJson(config: RunConfig): string {
  const { parameters, bytes } = trainingMemory(config);
  return JSON.stringify({ ...config, parameters, memoryBytes: bytes }, undefined, 2);
}

function tasksInWords({ tasks, mix = {} }: RunConfig): string {
  return tasks.map((name) => (mix[name] ? `${name} (${mix[name]} times)` : name)).join(", ");
}

function inWords(config: RunConfig): string {
  const { parameters, bytes } = trainingMemory(config);
  const { photos, machine } = config;
  const update = config.accumulate === 1 ? "" : ` x ${config.accumulate}`;
  const lines: [string, string][] = [
    ["preset", `${config.preset}, ${config.network.resolution}x${config.network.resolution}`],
    ["parameters", counted(parameters)],
    ["weights", config.from ? `those of ${config.from.name}` : "fresh"],
    ["memory", `about ${gibibytes(bytes)}`],
    ["photos", `${counted(photos.training)} for training`],
    ...(photos.weights ? [["drawn", weightsInWords(config)] as [string, string]] : []),
    ["held out", `${counted(photos.heldOut)} (${photos.holdOut})`],
    ["tasks", tasksInWords(config)],
    ...(config.gray === undefined
      ? []
      : [["in gray", `${config.gray} of the pictures, colorization apart`] as [string, string]]),
    [
      "crops",
      `${config.cropScale ?? "half..full"}${config.vary ? ", each of another aspect and tone" : ""}`,
    ],
    ...(config.jpegQuality
      ? [["JPEG", "a quarter of the qualities up to 95, some saved twice"] as [string, string]]
      : []),
    [
      "objective",
      config.regression
        ? `regression, ${config.loss}`
        : `${config.prediction}, ${config.loss}, ${config.weighting} weights, ${config.levels} noise levels`,
    ],
    ["batch", `${config.batch}${update} = ${counted(imagesPerUpdate(config))} images an update`],
    ["learning rate", `${config.learningRate} after ${counted(config.warmUpImages)} images`],
    ["EMA decay", String(config.emaDecay)],
    ["clip", config.clip === null ? "none" : `gradient norm ${config.clip}`],
    ["seed", String(config.seed)],
    ["threads", String(machine.threads)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${value}`).join("\n");
}

function gibibytes(bytes: number): string {
  const value = bytes / 2 ** 30;
  return `${value < 10 ? value.toFixed(1) : counted(Math.round(value))} GiB`;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError("Give a number above 0.");
  }
  return value;
}

function emaDecay(text: string): number {
  const value = numberBetween(0, 1)(text);
  if (value === 1) throw new InvalidArgumentError("Give a number below 1: 1 never learns.");
  return value;
}

function clipNorm(text: string): number | null {
  return text === "none" ? null : positive(text);
}

/** "5000" is images, "10min" minutes. */
function interval(text: string): { minutes: number } | { images: number } {
  const minutes = /^(.+?)\s*min(utes?)?$/.exec(text)?.[1];
  return minutes === undefined ? { images: wholeNumber(1)(text) } : { minutes: positive(minutes) };
}
