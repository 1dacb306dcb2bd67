/** The options of the commands that restore: `palette colorize | inpaint | uncrop | dejpeg | upscale`. */
import { type Command, Option } from "commander";
import type { TaskName } from "../../tasks/registry.ts";
import { defaultScale, scales } from "../../tasks/sharpen.ts";
import type { Side } from "../../tasks/task.ts";
import { defaultRatio, sides } from "../../tasks/uncrop.ts";
import { numberBetween } from "../arguments.ts";
import { photoArguments, type RestoreFlags, samplingOptions } from "./restore-options.ts";

export interface RestoreTaskFlags extends RestoreFlags {
  readonly mask?: string;
  readonly side?: Side;
  readonly ratio?: number;
  readonly scale?: number;
}

export function declareRestore(command: Command, name: TaskName): void {
  photoArguments(command);
  if (name === "sharpen") {
    command.option(
      "--scale <times>",
      "how many times wider and higher: 2, 4, ...; 1 sharpens a photo as it is",
      numberBetween(scales.least, scales.most),
      defaultScale,
    );
  }
  if (name === "inpaint") {
    command.requiredOption(
      "--mask <file>",
      "image whose white pixels are to be filled, or `random` for one as in training",
    );
  }
  if (name === "uncrop") {
    command
      .addOption(
        new Option("--side <name>", "where the photo is continued").choices(sides).default("all"),
      )
      .option(
        "--ratio <share>",
        "by how much of its width or height the photo grows",
        numberBetween(0, 3),
        defaultRatio,
      );
  }
  samplingOptions(command).action(async (photos: string[], flags: RestoreTaskFlags) =>
    (await import("../restore.ts")).restore(name, command.name(), photos, flags),
  );
}
