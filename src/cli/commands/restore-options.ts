/** Arguments and options of every command that restores photos. */
import { type Command, Option } from "commander";
import { spacings } from "../../diffusion/samplers/levels.ts";
import { samplers } from "../../diffusion/samplers/sample.ts";
import { largestSigmaMin, type SamplerChoices } from "../../diffusion/samplers/sampler-config.ts";
import { mostSamples, samplingDefaults } from "../../pipeline/sampling-options.ts";
import type { Device } from "../../runtime/runtime.ts";
import { deviceOption, numberBetween, threadsOption, wholeNumber } from "../arguments.ts";

/** The options of every command that restores. */
export interface RestoreFlags extends SamplerChoices {
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
  return command
    .option(
      "--samples <count>",
      "answers a photo",
      wholeNumber(1, mostSamples),
      samplingDefaults.samples,
    )
    .option("--steps <count>", "network calls an answer", wholeNumber(1), samplingDefaults.steps)
    .addOption(
      new Option(
        "--sampler <name>",
        "ddpm is the paper's (default: what suits the model; palette info says it)",
      ).choices(samplers),
    )
    .option(
      "--seed <number>",
      "the same seed gives the same answers",
      wholeNumber(-Number.MAX_SAFE_INTEGER),
      samplingDefaults.seed,
    )
    .option("--eta <number>", "fresh noise in ddim, 0 to 1", numberBetween(0, 1))
    .addOption(
      new Option("--spacing <what>", "in what the noise levels are even").choices(spacings),
    )
    .option(
      "--sigma-min <number>",
      "the last network call is at this noise",
      numberBetween(0, largestSigmaMin),
    )
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option("--json", "print one JSON document instead of the paths");
}
