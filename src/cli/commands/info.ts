/** The options of `palette info`. */
import type { Command } from "commander";

export interface InfoFlags {
  readonly json?: boolean;
}

export function declareInfo(command: Command): void {
  command
    .argument("[name]", "a model's folder or name, or a preset (default: the bundled model)")
    .option("--json", "print one JSON document")
    .action(async (name: string | undefined, flags: InfoFlags) =>
      (await import("../info.ts")).info(name, flags),
    );
}
