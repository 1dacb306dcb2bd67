/** The options of `palette shards`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { decodedShortSide } from "../../data/crop-scale.ts";
import { presetNamed, presetNames } from "../../models/presets.ts";
import type { ShardFormat, ShardSize } from "../../node/shard-writer.ts";
import { threadsOption, wholeNumber } from "../arguments.ts";

export interface ShardsFlags {
  readonly out: string;
  readonly preset: string;
  readonly side?: number | "own";
  readonly size: ShardSize;
  readonly format: ShardFormat;
  readonly quality?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** As `shardFormats`, which is loaded with what reads photos. */
const formats: readonly ShardFormat[] = ["jpg", "png", "webp"];

/** The short side that training with a preset takes of a photo, with --crop-scale half..full. */
export function usualSide(preset: string): number | undefined {
  return decodedShortSide("half..full", presetNamed(preset).network.resolution);
}

export function declareShards(command: Command): void {
  command
    .argument("<photos>", "a folder of photos; or tar shards, to be made anew")
    .requiredOption("-o, --out <dir>", "folder of the shards, created or continued")
    .addOption(
      new Option("--preset <name>", "network that they are for")
        .choices(presetNames)
        .default("small-64"),
    )
    .option(
      "--side <pixels>",
      "short side of photos that are larger, or own: all keep their size (default: 4 times the preset's resolution)",
      (text) => (text === "own" ? "own" : wholeNumber(1)(text)),
    )
    .addOption(
      new Option("--size <n>", "of a shard: 500MB, 1GB, or a number of photos")
        .argParser(shardSize)
        .default({ bytes: 500e6 }, "500MB"),
    )
    .addOption(
      new Option("--format <name>", "of photos that change; the others keep their bytes")
        .choices(formats)
        .default("jpg"),
    )
    .option("--quality <number>", "of jpg and webp, 1 to 100 (default: 95)", wholeNumber(1, 100))
    .addOption(threadsOption())
    .option("--json", "print one JSON document instead of the paths")
    .action(async (photos: string, flags: ShardsFlags) =>
      (await import("../shards.ts")).writeShards(photos, flags),
    );
}

/** "500MB" or "1GB" in powers of 1000; "1000" photos. */
function shardSize(text: string): ShardSize {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMG]B)?$/i.exec(text.trim()) ?? [];
  if (number === undefined) throw new InvalidArgumentError("Give 500MB, 1GB, or photos as 1000.");
  if (unit === undefined) return { photos: wholeNumber(1)(number) };
  const factor = { KB: 1e3, MB: 1e6, GB: 1e9 }[unit.toUpperCase()] ?? 1;
  const bytes = Math.round(Number(number) * factor);
  if (bytes < 1) throw new InvalidArgumentError("Give a size above 0.");
  return { bytes };
}
