/** `palette calibrate`: a model that can be sampled in 8 bits. */
import { join } from "node:path";
import { configFile, weightsFile } from "../models/model.ts";
import { calibrated } from "../node/calibrate.ts";
import { saveMadeModel } from "../node/made-model.ts";
import { findModel } from "../node/model-folder.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import { quantity } from "../util/format.ts";
import type { CalibrateFlags } from "./commands/calibrate.ts";
import { log, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting, withProgress } from "./progress.ts";

export async function calibrateModel(
  named: string | undefined,
  { data, out, images, force, json }: CalibrateFlags,
): Promise<void> {
  const folder = await findModel(named);
  const inputs = [configFile, weightsFile].map((file) => join(folder, file));
  await claimFolder(out, folderKinds.calibratedModel, { inputs, force });
  await interruptible(async (signal) => {
    const made = await withProgress("Calibrating (network calls)", ({ update }) =>
      calibrated(folder, { data, images, signal, onProgress: update, onNote: log }),
    );
    await whileWaiting("Writing the model", saveMadeModel(out, made, "calibrating"));
    const { error, ranges } = made.config.int8!;
    const convolutions = Object.keys(ranges).length;
    if (json) say(JSON.stringify({ folder: out, convolutions, error }));
    else {
      const decibels = (10 * Math.log10(4 / error)).toFixed(1);
      const what = `${quantity(convolutions, "convolution")} in int8`;
      say(`${out}: ${what}, the output within ${decibels} dB of float32's (--precision int8)`);
    }
  });
}
