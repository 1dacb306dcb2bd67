/** The options of `palette calibrate`. */
import type { Command } from "commander";
import { wholeNumber } from "../arguments.ts";

export interface CalibrateFlags {
  readonly data: string[];
  readonly out: string;
  readonly images: number;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function declareCalibrate(command: Command): void {
  command
    .argument("[model]", "a model's folder or name (default: the bundled model)")
    .requiredOption("--data <dir...>", "folders of photos, best those of the model's training")
    .requiredOption("-o, --out <folder>", "the folder of the calibrated model: new or empty")
    .option("--images <count>", "crops that are looked at", wholeNumber(1, 65536), 64)
    .option("--force", "replace a model that palette calibrate made before")
    .option("--json", "print one JSON document")
    .action(async (model: string | undefined, flags: CalibrateFlags) =>
      (await import("../calibrate.ts")).calibrateModel(model, flags),
    );
}
