/** Photos in, restored pictures out: what all commands that restore have in common. */
import { basename } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { spacings } from "../diffusion/samplers/levels.ts";
import { samplers } from "../diffusion/samplers/sample.ts";
import { largestSigmaMin, type SamplerChoices } from "../diffusion/samplers/sampler-config.ts";
import type { Image } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import { type Photo, readPhoto } from "../node/decode-image.ts";
import { checkFormatHolds, writeImage } from "../node/encode-image.ts";
import { Palette } from "../pipeline/palette.ts";
import {
  mostSamples,
  type SamplingOptions,
  samplingDefaults,
} from "../pipeline/sampling-options.ts";
import type { Device } from "../runtime/runtime.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { deviceOption, numberBetween, threadsOption, wholeNumber } from "./arguments.ts";
import { log, say } from "./console.ts";
import { checkOutputs, expandInputs, nameOutputs } from "./outputs.ts";
import { startProgress, whileWaiting } from "./progress.ts";

/** The options of every command that restores. */
export interface RestoreFlags extends SamplerChoices {
  readonly model?: string;
  readonly out: string;
  readonly samples: number;
  readonly steps: number;
  readonly seed: number;
  readonly device: Device;
  readonly threads?: number;
  readonly json?: boolean;
}

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

/** Adds the arguments and options that all have. */
export function photoArguments(command: Command): Command {
  return command
    .argument("<image...>", "photos, or folders of photos")
    .option("--model <folder>", "a model's folder or name (default: the bundled model)")
    .option(
      "-o, --out <path>",
      "folder of the answers (which replace those of the same names), or an image file for a single one",
      "out",
    );
}

export function answerOptions(command: Command): Command {
  return command
    .option(
      "--samples <count>",
      "answers a photo",
      wholeNumber(1, mostSamples),
      samplingDefaults.samples,
    )
    .option("--steps <count>", "network calls an answer", wholeNumber(1), samplingDefaults.steps)
    .addOption(
      new Option(
        "--sampler <name>",
        "ddpm is the paper's (default: what suits the model; palette info says it)",
      ).choices(samplers),
    )
    .option(
      "--seed <number>",
      "the same seed gives the same answers",
      wholeNumber(-Number.MAX_SAFE_INTEGER),
      samplingDefaults.seed,
    )
    .option("--eta <number>", "fresh noise in ddim, 0 to 1", numberBetween(0, 1))
    .addOption(
      new Option("--spacing <what>", "in what the noise levels are even").choices(spacings),
    )
    .option(
      "--sigma-min <number>",
      "the last network call is at this noise",
      numberBetween(0, largestSigmaMin),
    )
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option("--json", "print one JSON document instead of the paths");
}

/** Restores one photo after the other; a broken one is named and the others are done. */
export async function restoreFiles(
  names: readonly string[],
  { task, flags, settings, alsoRead = [], signal, restore, sizeOf }: Restoration,
): Promise<void> {
  const { model, out, device, threads, samples, steps, seed } = flags;
  const { sampler, eta, spacing, sigmaMin } = flags;
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
            { samples, steps, sampler, seed, eta, spacing, sigmaMin, signal, ...listeners },
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
    const drawn = { samples, steps, seed, ...palette.drawing(flags) };
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
