/** The options of `palette panorama`. */
import type { Command } from "commander";
import { panoramaDefaults } from "../../pipeline/panorama.ts";
import { wholeNumber } from "../arguments.ts";
import {
  photoArguments,
  type RestoreFlags,
  samplingOptions,
  sharpenOption,
} from "./restore-options.ts";

export interface PanoramaFlags extends RestoreFlags {
  readonly left: number;
  readonly right: number;
}

export function declarePanorama(command: Command): void {
  const { left, right } = panoramaDefaults;
  photoArguments(command)
    .option("--left <count>", "half windows added at the left", wholeNumber(0), left)
    .option("--right <count>", "half windows added at the right", wholeNumber(0), right);
  sharpenOption(command);
  samplingOptions(command).action(async (photos: string[], flags: PanoramaFlags) =>
    (await import("../panorama.ts")).continuePhotos(photos, flags),
  );
}
