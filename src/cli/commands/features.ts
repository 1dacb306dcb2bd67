/** The commands of `palette features` and their options. */
import type { Command } from "commander";
import { downloadableNames } from "../../evaluation/features/manifest.ts";

export interface FeaturesFlags {
  readonly nets?: string;
  readonly json?: boolean;
}

export function declareFeatures(command: Command): void {
  command
    .command("list")
    .description("Show the networks on this machine and those that can be downloaded.")
    .option("--nets <folder>", "search this folder first")
    .option("--json", "print one JSON document")
    .action(async (flags: FeaturesFlags) => (await import("../features.ts")).listFeatures(flags));
  command
    .command("get")
    .description("Download a network and check its SHA-256.")
    .argument("<name>", downloadableNames.join(", "))
    .option("--nets <folder>", "where to put it (default: the user's cache)")
    .action(async (name: string, flags: FeaturesFlags) =>
      (await import("../features.ts")).getFeatures(name, flags),
    );
}
