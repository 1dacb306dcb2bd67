/** Arguments and options of every command that restores photos. */
import type { Command } from "commander";
import { mostSamples, samplingDefaults } from "../../pipeline/sampling-options.ts";
import type { Device } from "../../runtime/runtime.ts";
import { deviceOption, threadsOption, wholeNumber } from "../arguments.ts";
import { samplerOption, samplerSettingOptions } from "../sampler-options.ts";

/** The options of every command that restores; `chosenSampler` reads the sampler's among them. */
export interface RestoreFlags {
  readonly model?: string;
  readonly out: string;
  readonly samples: number;
  readonly steps: number;
  readonly seed: number;
  readonly device: Device;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Adds the photos, the model and the place of the results. */
export function photoArguments(command: Command): Command {
  return command
    .argument("<image...>", "photos, or folders of photos")
    .option("--model <folder>", "a model's folder or name (default: the bundled model)")
    .option(
      "-o, --out <path>",
      "folder of the answers (which replace those of the same names), or an image file for a single one",
      "out",
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
    .option("--steps <count>", "network calls an answer", wholeNumber(1), samplingDefaults.steps)
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
    .option("--json", "print one JSON document instead of the paths");
}
