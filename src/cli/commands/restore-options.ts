/** Arguments and options of every command that restores photos. */
import { type Command, Option } from "commander";
import { mostSamples, samplingDefaults } from "../../pipeline/sampling-options.ts";
import type { Device, SamplingPrecision } from "../../runtime/runtime.ts";
import type { Shard } from "../../util/shard.ts";
import {
  deviceOption,
  precisionOption,
  shardOption,
  threadsOption,
  wholeNumber,
} from "../arguments.ts";
import { samplerOption, samplerSettingOptions } from "../sampler-options.ts";

/** Values of --format, which are the endings of files. */
const outputFormats = ["png", "jpg", "webp", "avif"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The options of every command that restores; `chosenSampler` reads the sampler's among them. */
export interface RestoreFlags {
  readonly model?: string;
  readonly out: string;
  readonly samples: number;
  readonly steps?: number;
  readonly mean?: boolean;
  /** Of tasks that fill. */
  readonly sharpen?: boolean;
  /** Of tasks that give colours. */
  readonly guidance?: number;
  /** Of tasks that leave some photos as they are. */
  readonly force?: boolean;
  readonly seed: number;
  readonly device: Device;
  readonly threads?: number;
  readonly precision: SamplingPrecision;
  readonly json?: boolean;
  readonly format?: OutputFormat;
  readonly quality?: number;
  readonly strip?: boolean;
  readonly skipExisting?: boolean;
  readonly overwrite?: boolean;
  readonly shard?: Shard;
}

/** Adds the photos, the model and the place of the results. */
export function photoArguments(command: Command): Command {
  return command
    .argument("<image...>", "photos, folders of photos, patterns such as '*.jpg', or - for stdin")
    .option("--model <folder>", "a model's folder or name (default: the bundled model)")
    .option(
      "-o, --out <path>",
      "folder of the answers, or an image file or - (stdout) for a single one; below a folder, answers lie as the photos do",
      "out",
    )
    .addOption(
      new Option("--format <name>", "of answers in a folder or on stdout (default: png)").choices(
        outputFormats,
      ),
    )
    .option(
      "--quality <number>",
      "of jpg, webp and avif, 1 to 100 (default: 95)",
      wholeNumber(1, 100),
    )
    .option("--strip", "leave out resolution and date of the photo, and how the answer was made")
    .addOption(
      new Option(
        "--skip-existing",
        "keep the answers that are there, and make the others",
      ).conflicts("overwrite"),
    )
    .option(
      "--overwrite",
      "replace what is there (default: only the same answer, made again, replaces itself)",
    )
    .addOption(shardOption("each Nth photo from the kth, those done before left out"));
}

/** Adds how what is filled comes to the photo's own pixels. */
export function sharpenOption(command: Command): Command {
  return command.option(
    "--no-sharpen",
    "leave what is filled at the model's scale, enlarged: faster, but soft",
  );
}

/** Adds how the results are sampled. */
export function samplingOptions(command: Command): Command {
  command
    .option(
      "--samples <count>",
      "answers a photo",
      wholeNumber(1, mostSamples),
      samplingDefaults.samples,
    )
    .option(
      "--steps <count>",
      `network calls an answer (default: the model's for the task, or ${samplingDefaults.steps})`,
      wholeNumber(1),
    )
    .option("--mean", "the mean of all answers, in one network call: nothing invented, but softer")
    .addOption(samplerOption())
    .option(
      "--seed <number>",
      "the same seed gives the same answers",
      wholeNumber(-Number.MAX_SAFE_INTEGER),
      samplingDefaults.seed,
    );
  for (const option of samplerSettingOptions()) command.addOption(option);
  return command
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(precisionOption())
    .option("--json", "print one JSON document instead of the paths");
}
