/** The options of `palette export`. */
import type { Command } from "commander";
import { UsageError } from "../../util/errors.ts";
import { wholeNumber } from "../arguments.ts";

export interface ExportFlags {
  readonly out?: string;
  readonly batch: number;
  readonly safetensors?: string;
  readonly json?: boolean;
}

export function declareExport(command: Command): void {
  command
    .argument("[model]", "a model's folder or name (default: the bundled model)")
    .option("-o, --out <file>", "the ONNX file (float32), x.onnx")
    .option("--batch <count>", "pictures in a call of the ONNX file", wholeNumber(1, 65536), 1)
    .option(
      "--safetensors <file>",
      "the weights, x.safetensors, under PyTorch's names where it has the network",
    )
    .option("--json", "print one JSON document")
    .action(async (model: string | undefined, flags: ExportFlags) => {
      if (flags.out === undefined && flags.safetensors === undefined) {
        throw new UsageError("Say what to write: -o x.onnx, --safetensors x.safetensors, or both.");
      }
      if (flags.out === undefined && command.getOptionValueSource("batch") === "cli") {
        throw new UsageError("--batch is of the ONNX file: name that too, with -o x.onnx.");
      }
      await (await import("../export.ts")).exportModel(model, flags);
    });
}
