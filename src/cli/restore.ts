/** `palette colorize | inpaint | uncrop | dejpeg`: photos in, restored pictures out. */
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { type Sampler, samplers } from "../diffusion/samplers/sample.ts";
import type { Device } from "../engine/session.ts";
import { PaletteError, reasonOf } from "../errors.ts";
import { readImage } from "../images/decode.ts";
import { writeImage } from "../images/encode.ts";
import type { Image, Mask } from "../images/image.ts";
import { readMask } from "../images/mask.ts";
import { mostSamples, Palette, restoreDefaults } from "../palette.ts";
import { Random } from "../random.ts";
import { randomMask } from "../tasks/inpaint.ts";
import { type TaskName, tasks } from "../tasks/registry.ts";
import type { Side } from "../tasks/task.ts";
import { sides } from "../tasks/uncrop.ts";
import { deviceOption, numberBetween, threadsOption, wholeNumber } from "./arguments.ts";
import { complain, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { expandInputs, nameOutputs } from "./outputs.ts";
import { startProgress, whileWaiting } from "./progress.ts";

interface Flags {
  readonly model?: string;
  readonly out: string;
  readonly samples: number;
  readonly steps: number;
  readonly sampler: Sampler;
  readonly seed: number;
  readonly eta?: number;
  readonly device: Device;
  readonly threads?: number;
  readonly json?: boolean;
  readonly mask?: string;
  readonly side?: Side;
}

/** What --json says of one photo. */
interface Restored {
  readonly input: string;
  readonly width: number;
  readonly height: number;
  readonly outputs: readonly string[];
  readonly seconds: number;
}

/** A command for each task. */
export function restoreCommands(program: Command): void {
  for (const { name, description } of tasks) {
    const command = program
      .command(name)
      .description(description)
      .argument("<image...>", "photos, or folders of photos")
      .option("--model <folder>", "a model's folder or name (default: the bundled model)")
      .option(
        "-o, --out <path>",
        "folder of the answers, or an image file for a single one",
        "out",
      );
    if (name === "inpaint") {
      command.requiredOption(
        "--mask <file>",
        "image whose white pixels are to be filled, or `random` for one as in training",
      );
    }
    if (name === "uncrop") {
      command.addOption(
        new Option("--side <name>", "where the photo is continued").choices(sides).default("all"),
      );
    }
    command
      .option(
        "--samples <count>",
        "answers a photo",
        wholeNumber(1, mostSamples),
        restoreDefaults.samples,
      )
      .option("--steps <count>", "network calls an answer", wholeNumber(1), restoreDefaults.steps)
      .addOption(
        new Option("--sampler <name>", "ddpm is the paper's")
          .choices(samplers)
          .default(restoreDefaults.sampler),
      )
      .option(
        "--seed <number>",
        "the same seed gives the same answers",
        wholeNumber(-Number.MAX_SAFE_INTEGER),
        restoreDefaults.seed,
      )
      .option("--eta <number>", "fresh noise in ddim, 0 to 1", numberBetween(0, 1))
      .addOption(deviceOption())
      .addOption(threadsOption())
      .option("--json", "print one JSON document instead of the paths")
      .action((names: string[], flags: Flags) =>
        interruptible((signal) => restore(name, names, flags, signal)),
      );
  }
}

async function restore(
  task: TaskName,
  names: readonly string[],
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const { model, out, device, threads, samples, steps, sampler, seed, eta } = flags;
  const inputs = await expandInputs(names);
  const outputs = await nameOutputs(inputs, { out, task, samples });
  const palette = await whileWaiting(
    "Loading the model",
    Palette.load(model, { device, threads, onWarning: complain }),
  );
  const restored: Restored[] = [];
  const failed: { input: string; error: string }[] = [];
  try {
    for (const [i, input] of inputs.entries()) {
      signal.throwIfAborted();
      const start = performance.now();
      try {
        if ("error" in input) throw input.error;
        const photo = await readImage(input.path);
        noteSize(input.path, photo, palette.resolution);
        const mask =
          flags.mask === undefined
            ? undefined
            : flags.mask === "random"
              ? randomMaskFor(palette, seed, i)
              : await maskFor(photo, input.path, flags.mask);
        const file = basename(input.path);
        const place = inputs.length > 1 ? `${i + 1}/${inputs.length} ${file}` : file;
        const images = await withProgress(place, steps, (onStep) =>
          palette.restore(task, photo, {
            samples,
            steps,
            sampler,
            seed,
            eta,
            mask,
            side: flags.side,
            signal,
            onStep,
          }),
        );
        for (const [k, image] of images.entries()) {
          await writeImage(outputs[i]![k]!, image);
          if (!flags.json) say(outputs[i]![k]!);
        }
        const { width, height } = photo;
        const seconds = Math.round(performance.now() - start) / 1000;
        restored.push({ input: input.path, width, height, outputs: outputs[i]!, seconds });
      } catch (error) {
        // The file's fault or the machine's: a wrong call would fail for every photo alike.
        if (!(error instanceof PaletteError) || error.name === "UsageError") throw error;
        if (inputs.length === 1 && !flags.json) throw error;
        complain(nameIn(error, input.path));
        failed.push({ input: input.path, error: error.message });
      }
    }
  } finally {
    await palette.dispose();
  }
  if (flags.json) {
    const settings = { samples, steps, sampler, seed, eta, side: flags.side, mask: flags.mask };
    const { name, network } = palette.config;
    const used = { name, resolution: network.resolution };
    say(JSON.stringify({ task, model: used, ...settings, restored, failed }, undefined, 2));
  }
  if (failed.length > 0) {
    throw new PaletteError(`${failed.length} of ${inputs.length} photos could not be restored.`);
  }
}

/** A hole as in training, another one for each photo. */
function randomMaskFor({ resolution }: Palette, seed: number, photo: number): Mask {
  return randomMask(resolution, resolution, Random.from(seed, "mask", photo)).mask;
}

/** The mask at the photo's size. */
async function maskFor(photo: Image, path: string, file: string): Promise<Mask> {
  const { mask, resized } = await readMask(file, photo.width, photo.height);
  if (resized)
    complain(`${file} was brought to the ${photo.width}x${photo.height} pixels of ${path}.`);
  return mask;
}

async function withProgress<T>(
  label: string,
  steps: number,
  work: (onStep: (progress: { step: number; steps: number }) => void) => Promise<T>,
): Promise<T> {
  const progress = startProgress(label, steps);
  try {
    return await work(({ step, steps: all }) => progress.update(step, all));
  } finally {
    progress.stop();
  }
}

function noteSize(path: string, { width, height }: Image, resolution: number): void {
  if (width === resolution && height === resolution) return;
  complain(
    `${path} (${width}x${height}) was brought to the model's resolution, ${resolution}x${resolution}.`,
  );
}

/** The message, beginning with the file's name if it does not say it anyway. */
function nameIn(error: PaletteError, path: string): string {
  return error.message.includes(path) ? error.message : `${path}: ${reasonOf(error)}.`;
}
