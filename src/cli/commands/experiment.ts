/** The options of `palette experiment`. */
import type { Command } from "commander";
import type { Device } from "../../runtime/runtime.ts";
import type { Shard } from "../../util/shard.ts";
import { deviceOption, shardOption, threadsOption } from "../arguments.ts";

export interface ExperimentFlags {
  out: string;
  data?: string[];
  weights?: string;
  shard?: Shard;
  small?: boolean;
  dryRun?: boolean;
  onlyReport?: boolean;
  acceptChanges?: boolean;
  json?: boolean;
  nets?: string;
  features?: string;
  threads?: number;
  device: Device;
}

export function declareExperiment(command: Command): void {
  command
    .argument("<study...>", "files of studies, such as experiments/*.yaml")
    .requiredOption("-o, --out <dir>", "folder of the results, created or continued")
    .option(
      "--data <dir...>",
      "folders of photos; photos/:0.5 draws those of a folder half as often (default: $PALETTE_DATA)",
    )
    .option("--weights <file>", "how often photos are drawn by their file names, as in train")
    .option("--small", "the small form that each file describes: to try the whole way")
    .addOption(shardOption("makes a part of the trainings, each with its measurements"))
    .option("--dry-run", "print what would be computed, with a measured estimate of its time")
    .option("--only-report", "write the pages from what is there")
    .option(
      "--accept-changes",
      "go on with an analysis that was changed after results were there; the page says so",
    )
    .option("--json", "print the report as JSON on stdout")
    .option("--nets <dir>", "folder of feature networks, searched first")
    .option("--features <name>", "the network for FID, KID and PD, as in evaluate")
    .addOption(threadsOption())
    .addOption(deviceOption())
    .action(async (files: string[], flags: ExperimentFlags) =>
      (await import("../experiment.ts")).runExperiment(files, flags),
    );
}
