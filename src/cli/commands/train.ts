/** The options of `palette train`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { largestShare, type TaskMix } from "../../data/task-sampler.ts";
import { type Precision, precisions } from "../../graph/index.ts";
import { presetNames } from "../../models/presets.ts";
import { augmentationSchema } from "../../models/settings/augmentation.ts";
import { objectiveSchema } from "../../models/settings/objective.ts";
import { optimizerSchema } from "../../models/settings/optimizer.ts";
import type { Device } from "../../runtime/runtime.ts";
import { tasks } from "../../tasks/registry.ts";
import { defaultIntervals, type TrainingOptions } from "../../training/options.ts";
import { deviceOption, listAmong, listOf, wholeNumber } from "../arguments.ts";
import { addSettings } from "../setting-options.ts";
import { networkOption } from "./network-option.ts";

const whole = wholeNumber(1);

/** The flags of `palette train`, without those of the settings' schemas. */
export interface TrainFlags {
  data: string[];
  weights?: string;
  out: string;
  preset?: string;
  resolution?: number;
  from?: string;
  network?: string;
  tasks?: string[];
  mix?: TaskMix;
  ownPixels?: Readonly<Record<string, number>>;
  firstCall?: Readonly<Record<string, number>>;
  holdOut?: string;
  images?: number;
  hours?: number;
  seed: number;
  threads?: number;
  recompute?: boolean;
  device: Device;
  precision?: Precision;
  checkpointEvery: NonNullable<TrainingOptions["checkpointEvery"]>;
  statsEvery: number;
  heldOutEvery: number;
  samplesEvery: number;
  dryRun?: boolean;
  json?: boolean;
}

export function declareTrain(command: Command): void {
  declareData(command);
  declareRun(command)
    .option("--images <n>", "stop after so many images, of all invocations together", whole)
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
    .option(
      "--resolution <side>",
      "side of the training pictures, and of what the model sees at once: the same weights fit any (default: the network's)",
      whole,
    );
  addSettings(command, objectiveSchema)
    .option(
      "--first-call <shares>",
      "share of a task's examples that are what the first network call and --mean are given, noise alone or the picture that sampling starts at: dejpeg:0.3 (default: as --levels draws them)",
      sharesOf("dejpeg:0.3", part),
    )
    .optionsGroup("Optimizer (defaults: the preset's):");
  addSettings(command, optimizerSchema);
  declareReports(command).action(async (flags: TrainFlags) =>
    (await import("../train.ts")).trainModel(flags),
  );
}

/** Whence the examples come. */
export function declareData(command: Command): void {
  const names = tasks.map(({ name }) => name);
  command
    .optionsGroup("Data:")
    .requiredOption(
      "--data <dir...>",
      "folders of photos of any size and format, or tar shards: a folder of them or 'train-{000..009}.tar'; photos/:0.5 draws those of a folder half as often",
    )
    .option(
      "--weights <file>",
      "how often photos are drawn by their file names: lines of a glob and a weight, as in grocery-* 0.4",
    )
    .option(
      "--tasks <names>",
      `${names.join(",")}: which to learn (default: all)`,
      listAmong("task", names),
    )
    .option(
      "--mix <shares>",
      "tasks to draw more often than the others: dejpeg:3,inpaint:2 (default: all equally often)",
      sharesOf("dejpeg:3", wholeNumber(1, largestShare)),
    )
    .option(
      "--own-pixels <shares>",
      "share of a task's crops that shows a photo's own pixels: dejpeg:0.5,sharpen:0.5 (default: as --crop-scale draws them)",
      sharesOf("dejpeg:0.5", part),
    )
    .option(
      "--hold-out <rule>",
      "photos never trained on: every:N:K or none (default: every:7:1, or as the model of --from had it)",
    );
  addSettings(command, augmentationSchema);
}

/** Where and how it is carried out. */
export function declareRun(command: Command): Command {
  return command
    .optionsGroup("Run:")
    .requiredOption("--out <dir>", "run folder, created or continued")
    .option("--hours <h>", "stop after so many hours, of all invocations together", positive)
    .option("--seed <n>", "of all randomness", wholeNumber(0), 1)
    .option("--threads <n>", "threads to compute with (default: those of the run, or all)", whole)
    .option(
      "--recompute",
      "train in less memory and more time: the backward pass computes each block once more",
    )
    .addOption(deviceOption())
    .addOption(
      new Option(
        "--precision <type>",
        "of a GPU's maps and products; float16 needs shader-f16 and is not verified",
      )
        .choices(precisions)
        .default("float32"),
    );
}

/** What is told of it, and how often. */
export function declareReports(command: Command): Command {
  return command
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
    .option("--json", "print the configuration or the outcome as JSON on stdout");
}

/** A parser of a value for each task: "dejpeg:3,inpaint:2". */
function sharesOf(example: string, parse: (text: string) => number) {
  return (text: string): Record<string, number> => {
    const shares = listOf(text).map((piece) => {
      const [name, share, ...rest] = piece.split(":").map((half) => half.trim());
      if (!name || !share || rest.length > 0)
        throw new InvalidArgumentError(
          `Give tasks and their shares, as ${example}, not "${piece}".`,
        );
      return [name, parse(share)] as const;
    });
    if (new Set(shares.map(([name]) => name)).size < shares.length)
      throw new InvalidArgumentError("Name each task once.");
    return Object.fromEntries(shares);
  };
}

function part(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("Give numbers from 0 to 1.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError("Give a number above 0.");
  }
  return value;
}

/** "5000" is images, "10min" minutes. */
function interval(text: string): { minutes: number } | { images: number } {
  const minutes = /^(.+?)\s*min(utes?)?$/.exec(text)?.[1];
  return minutes === undefined ? { images: wholeNumber(1)(text) } : { minutes: positive(minutes) };
}
