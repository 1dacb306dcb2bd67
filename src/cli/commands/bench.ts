/** The options of `palette bench`. */
import { type Command, Option } from "commander";
import { presetNames } from "../../models/presets.ts";
import type { Device } from "../../runtime/runtime.ts";
import { deviceOption, threadsOption, wholeNumber } from "../arguments.ts";
import { networkOption } from "./network-option.ts";

export interface BenchFlags {
  readonly preset: string;
  readonly network?: string;
  readonly mode: "train" | "sample" | "both";
  readonly batch?: number;
  readonly steps: number;
  readonly warmup: number;
  readonly threads?: number;
  readonly recompute?: boolean;
  readonly device: Device;
  readonly json?: boolean;
}

export function declareBench(command: Command): void {
  command
    .addOption(
      new Option("--preset <name>", "network and batch").choices(presetNames).default("small-64"),
    )
    .addOption(networkOption())
    .addOption(
      new Option("--mode <what>", "what to measure")
        .choices(["train", "sample", "both"])
        .default("both"),
    )
    .option("--batch <images>", "images a step (default: the preset's)", wholeNumber(1, 65536))
    .option("--steps <count>", "timed steps", wholeNumber(1, 10000), 5)
    .option("--warmup <count>", "untimed steps before them", wholeNumber(0, 1000), 2)
    .addOption(threadsOption())
    .option("--recompute", "in training, as palette train --recompute")
    .addOption(deviceOption())
    .option("--json", "print one JSON document")
    .action(async (flags: BenchFlags) => (await import("../bench.ts")).bench(flags));
}
