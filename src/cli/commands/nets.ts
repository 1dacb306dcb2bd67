/** The commands of `palette nets` and their options. */
import type { Command } from "commander";
import { downloadableNames } from "../../evaluation/features/registry.ts";

export interface NetsFlags {
  readonly nets?: string;
  readonly json?: boolean;
}

export function declareNets(command: Command): void {
  command
    .command("list")
    .description("Shows the networks on this machine and those that can be downloaded.")
    .option("--nets <folder>", "look there first")
    .option("--json", "print one JSON document")
    .action(async (flags: NetsFlags) => (await import("../nets.ts")).listNetworks(flags));
  command
    .command("get")
    .description("Downloads a network; an interrupted download is continued.")
    .argument("<name>", downloadableNames.join(", "))
    .option("--nets <folder>", "where to put it (default: the user's cache)")
    .action(async (name: string, flags: NetsFlags) =>
      (await import("../nets.ts")).downloadNetwork(name, flags),
    );
}
