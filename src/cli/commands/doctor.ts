/** The options of `palette doctor`. */
import { type Command, Option } from "commander";
import { presetNames } from "../../models/presets.ts";
import { threadsOption, wholeNumber } from "../arguments.ts";

export interface DoctorFlags {
  readonly preset?: string;
  readonly batch: number;
  readonly threads?: number;
  readonly patience: number;
  readonly json?: boolean;
}

export function declareDoctor(command: Command): void {
  command
    .addOption(
      new Option("--preset <name>", "try the network of a preset instead of a tiny one").choices(
        presetNames,
      ),
    )
    .option("--batch <images>", "images a run", wholeNumber(1, 65536), 2)
    .addOption(threadsOption())
    .option("--patience <seconds>", "how long a device may take", wholeNumber(1, 86_400), 180)
    .option("--json", "print one JSON document")
    .action(async (flags: DoctorFlags) => (await import("../doctor.ts")).doctor(flags));
}
