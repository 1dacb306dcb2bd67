/** The options of `palette train`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type CropScale, cropScales } from "../../data/crop-scale.ts";
import { noiseLevelDistributions } from "../../diffusion/noise-level-distribution.ts";
import { predictions, weightings } from "../../diffusion/parameterization.ts";
import { presetNames } from "../../models/presets.ts";
import { type Loss, losses } from "../../nn/loss.ts";
import type { Device } from "../../runtime/runtime.ts";
import { tasks } from "../../tasks/registry.ts";
import { type JpegQualities, jpegQualities } from "../../tasks/task.ts";
import { defaultIntervals, type TrainingOptions } from "../../training/options.ts";
import type { TrainingRequest } from "../../training/plan.ts";
import { largestShare, type TaskMix } from "../../training/task-sampler.ts";
import { deviceOption, listAmong, listOf, numberBetween, wholeNumber } from "../arguments.ts";
import { networkOption } from "./network-option.ts";

export interface TrainFlags {
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

export function declareTrain(command: Command): void {
  const names = tasks.map(({ name }) => name);
  const whole = wholeNumber(1);
  command
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
    .option(
      "--tasks <names>",
      `${names.join(",")}: which to learn (default: all)`,
      listAmong("task", names),
    )
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
    .action(async (flags: TrainFlags) => (await import("../train.ts")).trainModel(flags));
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
