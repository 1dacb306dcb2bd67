/** Photos in, restored pictures out: what all commands that restore have in common. */
import { basename, sep } from "node:path";
import { arrayBuffer } from "node:stream/consumers";
import type { Image } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import { recordXmp } from "../node/answer-record.ts";
import { type Photo, readPhoto } from "../node/decode-image.ts";
import {
  checkFormatHolds,
  encodeImage,
  type WriteOptions,
  writeImage,
} from "../node/encode-image.ts";
import { Palette } from "../node/palette.ts";
import { checkOptions, type SamplingOptions } from "../pipeline/sampling-options.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { sha256 } from "../util/sha256.ts";
import { isInShard, shardName } from "../util/shard.ts";
import type { RestoreFlags } from "./commands/restore-options.ts";
import { log, say, sayBytes } from "./console.ts";
import {
  keptAnswers,
  type Planned,
  recordedSettings,
  type Source,
  sourceDigest,
} from "./existing-answers.ts";
import { expandInputs, type Input, standardStream } from "./inputs.ts";
import { checkOutputs, nameOutputs } from "./outputs.ts";
import { startProgress, whileWaiting } from "./progress.ts";
import { chosenSampler } from "./sampler-options.ts";

/** What --json says of one photo. */
interface Restored {
  readonly input: string;
  readonly width: number;
  readonly height: number;
  readonly outputs: readonly string[];
  /** Whether the photo was left as it is. */
  readonly unchanged?: true | undefined;
  readonly seconds: number;
}

/** What is to be written for a photo. */
export interface Answers {
  readonly images: readonly Image[];
  /** The opacity of each, [height, width] of the answers; undefined where all is opaque. */
  readonly alpha?: Uint8Array | undefined;
  /** The photo as it is: the model would make it worse. */
  readonly unchanged?: true;
}

export interface Restoration {
  /** In the names of the outputs. */
  readonly task: string;
  /** The task that the model samples, which decides about the steps. */
  readonly sampledTask: string;
  readonly flags: RestoreFlags;
  /** Settings of the command's own, for --json. */
  readonly settings?: object;
  /** What is read beside the photos, and must not be replaced. */
  readonly alsoRead?: readonly string[];
  /** The part of it that is read for one photo; all of it unless given. */
  readWith?(path: string): readonly string[];
  /** Pixels of the photo are in the answers as they were. */
  readonly keepsPixels?: boolean | undefined;
  readonly signal: AbortSignal;
  /** The answers to a photo; what is random for it goes by `index`, which its name gives. */
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
  restoration: Restoration,
): Promise<void> {
  const { task, sampledTask, flags, settings, alsoRead = [], signal } = restoration;
  const { model, out, device, threads, precision, samples, seed, mean, guidance, force, shard } =
    flags;
  // Declared by its negation, it is true unless declined.
  const sharpen = flags.sharpen === false ? false : undefined;
  const sampler = chosenSampler(flags);
  const drawing = {
    ...{ samples, seed },
    ...omitUndefined({ steps: flags.steps, mean, guidance, force, sharpen }),
    ...sampler,
  };
  checkOptions(drawing);
  if (out === standardStream) checkStandardOutput(flags);
  const { inputs, answers } = await expandInputs(names, out);
  if (answers.length > 0) {
    const left = answers.length === 1 ? "1 picture was" : `${answers.length} pictures were`;
    log(`${left} left out as answers of earlier runs, such as ${answers[0]}.`);
  }
  if (shard !== undefined && inputs.some(({ path }) => path === standardStream))
    throw new UsageError("Standard input is one photo: leave out --shard.");
  // Names, and who may write where, are matters of all photos.
  const { format, files } = await nameOutputs(inputs, { ...flags, task });
  await checkOutputs(files.flat(), [...inputs.map(({ path }) => path), ...alsoRead]);
  const streamed = inputs.some(({ path }) => path === standardStream)
    ? new File(
        [await whileWaiting(`Reading ${standardInput}`, arrayBuffer(process.stdin))],
        standardInput,
      )
    : undefined;
  const everything = inputs.map((input, k): Job => {
    const file = input.path === standardStream && streamed ? streamed : input.path;
    const others = restoration.readWith?.(input.path) ?? alsoRead;
    return { input, file, sources: [file, ...others], outputs: files[k] ?? [] };
  });
  const plan = everything.filter((_, k) => shard === undefined || isInShard(k, shard));
  if (shard)
    log(`shard ${shardName(shard)}: ${plan.length} of ${quantity(inputs.length, "photo")}.`);
  const palette = await whileWaiting(
    "Loading the model",
    Palette.load(model, { device, threads, precision, onWarning: log }),
  );
  const steps = palette.stepsFor(sampledTask, drawing);
  const restored: Restored[] = [];
  const skipped: { input: string; outputs: readonly string[] }[] = [];
  const failed: { input: string; error: string }[] = [];
  const { name, network } = palette.config;
  const way = mean ? { mean } : palette.samplerConfig(sampler, sampledTask);
  const bits = precision === "float32" ? undefined : precision;
  const drawn = {
    ...{ steps, seed, ...way },
    ...omitUndefined({ guidance, force, sharpen, precision: bits }),
  };
  try {
    const config = (await sha256(JSON.stringify(palette.config))).slice(0, 16);
    const record = recordedSettings({ task, model: name, config, ...drawn }, flags, alsoRead);
    const looking = keptAnswers(plan, record, flags);
    const kept = await whileWaiting("Looking at the answers that are there", looking);
    const warnOfLoss = once(() =>
      log(`${format.toUpperCase()} codes known pixels anew; PNG keeps them.`),
    );
    for (const [index, job] of plan.entries()) {
      signal.throwIfAborted();
      const { path, error: broken } = job.input;
      const missing = job.outputs.filter((output) => !kept.has(output));
      try {
        if (broken !== undefined) throw broken;
        if (missing.length === 0) {
          skipped.push({ input: path, outputs: job.outputs });
          continue;
        }
        const start = performance.now();
        const file = path === standardStream ? standardInput : basename(path);
        const photo = await whileWaiting(`Reading ${file}`, readPhoto(job.file));
        for (const note of photo.notes) log(`${path}: ${note}.`);
        const size = restoration.sizeOf?.(photo, palette) ?? photo.image;
        for (const output of missing) checkFormatHolds(output, format, size);
        if (restoration.keepsPixels && format !== "png") warnOfLoss();
        const place = plan.length > 1 ? `${index + 1}/${plan.length} ${file}` : file;
        const own = await ownNumber(job.input);
        const { images, alpha, unchanged } = await withProgress(place, steps, (listeners) =>
          restoration.restore(
            palette,
            photo,
            { ...drawing, signal, ...listeners },
            { path, index: own },
          ),
        );
        const options = { alpha, ...(await fileOptions(photo, job, record, flags)) };
        for (const [k, image] of images.entries()) {
          signal.throwIfAborted();
          const output = job.outputs[k];
          if (output === undefined || !missing.includes(output)) continue;
          const writing =
            output === standardStream
              ? encodeImage(image, format, options).then(sayBytes)
              : writeImage(output, image, options);
          await whileWaiting(`Writing ${basename(output)}`, writing);
          if (!flags.json && output !== standardStream) say(output);
        }
        const { width, height } = photo.image;
        const seconds = Math.round(performance.now() - start) / 1000;
        restored.push({ input: path, width, height, outputs: missing, unchanged, seconds });
      } catch (error) {
        // The file's fault or the machine's: a wrong call would fail for every photo alike.
        if (!(error instanceof PaletteError) || error.name === "UsageError") throw error;
        if (plan.length === 1 && !flags.json) throw error;
        log(nameIn(error, path));
        failed.push({ input: path, error: error.message });
      }
    }
  } finally {
    await palette.dispose();
  }
  if (flags.json) {
    const used = { name, resolution: network.resolution };
    const skips = flags.skipExisting || shard !== undefined;
    const done = { ...omitUndefined({ shard }), restored, ...(skips && { skipped }), failed };
    const document = { task, model: used, samples, ...drawn, ...settings, ...done };
    say(JSON.stringify(document, null, 2));
  }
  if (failed.length > 0) {
    throw new PaletteError(`${failed.length} of ${plan.length} photos could not be restored.`);
  }
}

/** A photo and its answers. */
interface Job extends Planned {
  readonly input: Input;
  readonly file: Source;
}

/** What messages call it. */
const standardInput = "standard input";

function checkStandardOutput({ json }: RestoreFlags): void {
  if (json) throw new UsageError("-o - leaves no place for what --json prints.");
  if (process.stdout.isTTY) {
    throw new UsageError("-o - writes a picture's bytes: send them to a file or another program.");
  }
}

/** A number that depends on the photo's name alone, whatever other photos there are. */
async function ownNumber({ folder, path }: Input): Promise<number> {
  const name = [...folder.split(sep), basename(path)].join("/");
  return Number.parseInt((await sha256(name)).slice(0, 8), 16);
}

/** How an answer is written, and what its file says. */
async function fileOptions(
  { metadata }: Photo,
  { sources }: Job,
  settings: string,
  { quality, strip = false }: RestoreFlags,
): Promise<WriteOptions> {
  const said = quality === undefined ? {} : { quality };
  if (strip) return said;
  return { ...said, metadata, xmp: recordXmp({ settings, source: await sourceDigest(sources) }) };
}

/** Calls it the first time only. */
function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

async function withProgress<T>(
  label: string,
  steps: number,
  work: (listeners: Pick<SamplingOptions, "onStep" | "onTiles" | "onFinish">) => Promise<T>,
): Promise<T> {
  let progress = startProgress(label, steps);
  let reached = 0;
  let finishing = false;
  const begin = (title: string, total: number) => {
    progress.stop();
    progress = startProgress(title, total);
  };
  try {
    return await work({
      onStep({ step, steps: all }) {
        reached = step;
        // Large answers are sampled and finished one after the other.
        if (finishing) begin(label, all);
        finishing = false;
        progress.update(step, all);
      },
      onTiles: (done, tiles) => progress.update(reached + done / tiles),
      onFinish(done, answers) {
        if (!finishing) begin(`Finishing ${label}`, answers);
        finishing = true;
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
