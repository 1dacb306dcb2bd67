/** The arguments and options of `palette fid`. */
import type { Command } from "commander";

export interface FidFlags {
  readonly out?: string;
  readonly nets?: string;
  readonly features?: string;
  readonly json?: boolean;
}

export function declareFid(command: Command): void {
  command
    .argument("<a>", "a folder of pictures")
    .argument("<b>", "another one, such as the originals")
    .option("-o, --out <dir>", "write fid.json and fid.html into this folder")
    .option("--nets <dir>", "folder of feature networks (see palette features)")
    .option("--features <name>", "feature network (default: googlenet)")
    .option("--json", "print one JSON document")
    .action(async (a: string, b: string, flags: FidFlags) =>
      (await import("../fid.ts")).compare(a, b, flags),
    );
}
