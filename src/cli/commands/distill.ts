/** The options of `palette distill`. */
import type { Command } from "commander";
import { optimizerSchema } from "../../models/settings/optimizer.ts";
import { distillationDefaults } from "../../training/distillation.ts";
import { counted } from "../../util/format.ts";
import { wholeNumber } from "../arguments.ts";
import { addSettings } from "../setting-options.ts";
import { declareData, declareReports, declareRun, type TrainFlags } from "./train.ts";

/** The flags of `palette distill`. */
export interface DistillFlags extends Omit<TrainFlags, "preset" | "network"> {
  from: string;
  calls: number;
  images: number;
}

/** The rate falls to 0 at the end of the tuning, so that it has no say of its own. */
const optimizerOfStudent = optimizerSchema.omit({ annealImages: true });

export function declareDistill(command: Command): void {
  const { calls, images } = distillationDefaults;
  declareData(command);
  declareRun(command)
    .optionsGroup("Student:")
    .requiredOption("--from <model>", "the trained model: its folder or name")
    .option("--calls <n>", "network calls an answer of the student", wholeNumber(1), calls)
    .option(
      "--images <n>",
      `images of the tuning, which ends there (default: ${counted(images)})`,
      wholeNumber(1),
      images,
    );
  command.optionsGroup("Optimizer (defaults: the preset's):");
  addSettings(command, optimizerOfStudent);
  declareReports(command).action(async (flags: DistillFlags) =>
    (await import("../train.ts")).distillModel(flags),
  );
}
