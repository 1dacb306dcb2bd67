/** The options of `palette import`. */
import { type Command, Option } from "commander";
import { type WeightKind, weightKinds } from "../../interop/find-network.ts";
import { tasks } from "../../tasks/registry.ts";
import { listAmong, wholeNumber } from "../arguments.ts";

export interface ImportFlags {
  readonly out: string;
  readonly config?: string;
  readonly resolution?: number;
  readonly tasks?: string[];
  readonly weights?: WeightKind;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function declareImport(command: Command): void {
  const names = tasks.map(({ name }) => name);
  command
    .argument(
      "<file>",
      "the checkpoint: .pth, safetensors with the same names, or what palette export wrote",
    )
    .requiredOption(
      "-o, --out <folder>",
      "the model's folder, such as models/celebahq: new or empty",
    )
    .option("--config <file>", "its configuration, JSON with comments: head size, size, schedules")
    .option(
      "--resolution <pixels>",
      "side of the pictures it was trained on (default: the configuration's, or 256)",
      wholeNumber(1, 65536),
    )
    .option(
      "--tasks <names>",
      `${names.join(",")}: what it was trained for (default: the configuration's, or inpaint)`,
      listAmong("task", names),
    )
    .addOption(
      new Option(
        "--weights <kind>",
        "of a checkpoint that has both: averaged (ema) or as trained (default: averaged)",
      ).choices(weightKinds),
    )
    .option("--force", "replace a model that palette import made before")
    .option("--json", "print one JSON document")
    .action(async (file: string, flags: ImportFlags) =>
      (await import("../import.ts")).importCheckpoint(file, flags),
    );
}
