/** Photos in, restored pictures out: what all commands that restore have in common. */
import { basename } from "node:path";
import type { Image } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import { type Photo, readPhoto } from "../node/decode-image.ts";
import { checkFormatHolds, writeImage } from "../node/encode-image.ts";
import { Palette } from "../node/palette.ts";
import type { SamplingOptions } from "../pipeline/sampling-options.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import type { RestoreFlags } from "./commands/restore-options.ts";
import { log, say } from "./console.ts";
import { checkOutputs, expandInputs, nameOutputs } from "./outputs.ts";
import { startProgress, whileWaiting } from "./progress.ts";
import { chosenSampler } from "./sampler-options.ts";

/** What --json says of one photo. */
interface Restored {
  readonly input: string;
  readonly width: number;
  readonly height: number;
  readonly outputs: readonly string[];
  readonly seconds: number;
}

/** What is to be written for a photo. */
export interface Answers {
  readonly images: readonly Image[];
  /** The opacity of each, [height, width] of the answers; undefined where all is opaque. */
  readonly alpha?: Uint8Array | undefined;
}

export interface Restoration {
  /** In the names of the outputs. */
  readonly task: string;
  readonly flags: RestoreFlags;
  /** Settings of the command's own, for --json. */
  readonly settings?: object;
  /** What is read beside the photos, and must not be replaced. */
  readonly alsoRead?: readonly string[];
  readonly signal: AbortSignal;
  /** The answers to photo number `index`. */
  restore(
    palette: Palette,
    photo: Photo,
    options: SamplingOptions,
    file: { readonly path: string; readonly index: number },
  ): Promise<Answers>;
  /** The size of the answers to a photo; default: the photo's. */
  sizeOf?(photo: Photo, palette: Palette): Size;
}

/** Restores one photo after the other; a broken one is named and the others are done. */
export async function restoreFiles(
  names: readonly string[],
  { task, flags, settings, alsoRead = [], signal, restore, sizeOf }: Restoration,
): Promise<void> {
  const { model, out, device, threads, samples, steps, seed } = flags;
  const sampler = chosenSampler(flags);
  const inputs = await expandInputs(names, out);
  const outputs = await nameOutputs(inputs, { out, task, samples });
  await checkOutputs(outputs.flat(), [...inputs.map(({ path }) => path), ...alsoRead]);
  const palette = await whileWaiting(
    "Loading the model",
    Palette.load(model, { device, threads, onWarning: log }),
  );
  const restored: Restored[] = [];
  const failed: { input: string; error: string }[] = [];
  try {
    for (const [index, input] of inputs.entries()) {
      signal.throwIfAborted();
      const start = performance.now();
      try {
        if ("error" in input) throw input.error;
        const { path } = input;
        const file = basename(path);
        const photo = await whileWaiting(`Reading ${file}`, readPhoto(path));
        for (const note of photo.notes) log(`${path}: ${note}.`);
        const size = sizeOf?.(photo, palette) ?? photo.image;
        for (const output of outputs[index]!) checkFormatHolds(output, size.width, size.height);
        const place = inputs.length > 1 ? `${index + 1}/${inputs.length} ${file}` : file;
        const { images, alpha } = await withProgress(place, steps, (listeners) =>
          restore(
            palette,
            photo,
            { samples, steps, seed, ...sampler, signal, ...listeners },
            { path, index },
          ),
        );
        for (const [k, image] of images.entries()) {
          signal.throwIfAborted();
          const output = outputs[index]![k]!;
          const writing = writeImage(output, image, { alpha });
          await whileWaiting(`Writing ${basename(output)}`, writing);
          if (!flags.json) say(output);
        }
        const { width, height } = photo.image;
        const seconds = Math.round(performance.now() - start) / 1000;
        restored.push({ input: path, width, height, outputs: outputs[index]!, seconds });
      } catch (error) {
        // The file's fault or the machine's: a wrong call would fail for every photo alike.
        if (!(error instanceof PaletteError) || error.name === "UsageError") throw error;
        if (inputs.length === 1 && !flags.json) throw error;
        log(nameIn(error, input.path));
        failed.push({ input: input.path, error: error.message });
      }
    }
  } finally {
    await palette.dispose();
  }
  if (flags.json) {
    const { name, network } = palette.config;
    const used = { name, resolution: network.resolution };
    const drawn = { samples, steps, seed, ...palette.samplerConfig(sampler) };
    say(JSON.stringify({ task, model: used, ...drawn, ...settings, restored, failed }, null, 2));
  }
  if (failed.length > 0) {
    throw new PaletteError(`${failed.length} of ${inputs.length} photos could not be restored.`);
  }
}

async function withProgress<T>(
  label: string,
  steps: number,
  work: (listeners: Pick<SamplingOptions, "onStep" | "onTiles" | "onFinish">) => Promise<T>,
): Promise<T> {
  let progress = startProgress(label, steps);
  let reached = 0;
  try {
    return await work({
      onStep({ step, steps: all }) {
        reached = step;
        progress.update(step, all);
      },
      onTiles: (done, tiles) => progress.update(reached + done / tiles),
      onFinish(done, answers) {
        if (done === 0) {
          progress.stop();
          progress = startProgress(`Finishing ${label}`, answers);
        }
        progress.update(done);
      },
    });
  } finally {
    progress.stop();
  }
}

/** The message, beginning with the file's name if it does not say it anyway. */
function nameIn(error: PaletteError, path: string): string {
  return error.message.includes(path) ? error.message : `${path}: ${reasonOf(error)}.`;
}
