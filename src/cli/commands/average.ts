/** The options of `palette average`. */
import { type Command, InvalidArgumentError } from "commander";
import type { Device } from "../../runtime/runtime.ts";
import { longestLength, shortestLength } from "../../training/power-average.ts";
import { deviceOption, listOf, numberBetween, threadsOption } from "../arguments.ts";

export interface AverageFlags {
  readonly length?: number;
  readonly lengths?: number[];
  readonly out?: string;
  readonly data?: string[];
  readonly device: Device;
  readonly threads?: number;
  readonly force?: boolean;
  readonly json?: boolean;
}

const inRange = numberBetween(shortestLength, longestLength);

export function declareAverage(command: Command): void {
  command
    .argument("<run>", "the folder of a run that was trained with --post-hoc-ema")
    .option(
      "--length <sigma>",
      `make a model of the average of this length, ${shortestLength} to ${longestLength}: its width as a part of the training (EDM2's sigma_rel)`,
      inRange,
    )
    .option(
      "-o, --out <folder>",
      "the model's folder: new or empty (default: model-LENGTH in the run's)",
    )
    .option("--force", "replace a model that palette average made before")
    .option("--lengths <list>", "print the held-out loss of each of these lengths", lengths)
    .option("--data <dir...>", "the run's photos (default: where they were)")
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option("--json", "print one JSON document")
    .action(async (run: string, flags: AverageFlags) =>
      (await import("../average.ts")).averageRun(run, flags),
    );
}

/** "0.03,0.05" */
function lengths(text: string): number[] {
  const all = listOf(text).map(inRange);
  if (all.length === 0) throw new InvalidArgumentError("Give at least one length.");
  return all;
}
