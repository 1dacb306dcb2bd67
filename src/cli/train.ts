/** `palette train`: a model from folders of photos. */
import { access, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type FileWeight, parseFileWeights } from "../data/weights.ts";
import { RunFolder } from "../node/run-folder.ts";
import { trainingMemory } from "../training/memory.ts";
import { planTraining } from "../training/plan.ts";
import { imagesPerUpdate, type RunConfig } from "../training/run-config.ts";
import { train } from "../training/train.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { counted } from "../util/format.ts";
import type { TrainFlags } from "./commands/train.ts";
import { log, say } from "./console.ts";
import { Interrupted, interruptible } from "./interrupt.ts";
import { readNetwork } from "./network.ts";
import { whileWaiting } from "./progress.ts";
import { ProgressReporter } from "./training-progress.ts";

/** Trains, or prints what would be trained. */
export async function trainModel(options: TrainFlags): Promise<void> {
  const known = await RunFolder.configIn(options.out);
  const folders = await Promise.all(options.data.map(weightedFolder));
  const planning = planTraining({
    data: folders.map(({ folder }) => folder),
    folderWeights: Object.fromEntries(folders.map(({ folder, weight }) => [folder, weight])),
    fileWeights: options.weights === undefined ? undefined : await readWeights(options.weights),
    cropScale: options.cropScale,
    jpegQuality: options.jpegQuality,
    preset: options.preset,
    from: options.from,
    out: options.out,
    network: options.network === undefined ? undefined : await readNetwork(options.network),
    tasks: options.tasks,
    mix: options.mix,
    gray: options.gray,
    vary: options.vary,
    holdOut: options.holdOut,
    loss: options.loss,
    prediction: options.predict,
    weighting: options.weighting,
    levels: options.levels,
    regression: options.regression,
    batch: options.batch,
    accumulate: options.accumulate,
    learningRate: options.lr,
    warmUpImages: options.warmup,
    emaDecay: options.ema,
    clip: options.clip,
    seed: options.seed,
    threads: options.threads ?? known?.machine.threads ?? availableParallelism(),
  });
  const plan = await whileWaiting("Looking for photos", planning);
  if (options.dryRun) {
    for (const note of plan.notes) log(note);
    say(options.json ? inJson(plan.config) : inWords(plan.config));
    return;
  }
  const { images, hours } = options;
  const reporter = Object.assign(
    new ProgressReporter({ tasks: plan.config.tasks, images, hours }),
    { waiting: whileWaiting },
  );
  const { checkpointEvery, statsEvery, heldOutEvery, samplesEvery } = options;
  try {
    await interruptible(async (signal) => {
      signal.addEventListener("abort", () => {
        reporter.line("stopping and saving; once more to stop without saving");
      });
      const outcome = await train(plan, {
        out: options.out,
        images,
        hours,
        checkpointEvery,
        statsEvery,
        heldOutEvery,
        samplesEvery,
        signal,
        reporter,
        device: options.device,
      });
      if (options.json) say(JSON.stringify(outcome));
      // After Ctrl-C a script must not go on; a SIGTERM has been obeyed.
      const reason: unknown = outcome.end === "stopped" ? signal.reason : undefined;
      if (reason instanceof Interrupted && reason.exitCode === 130) throw reason;
    });
  } finally {
    reporter.end();
  }
}

/** "photos/:0.5"; a folder whose name ends so is itself. */
async function weightedFolder(text: string): Promise<{ folder: string; weight: number }> {
  const [, folder, weight] = /^(.+):(\d*\.?\d+)$/.exec(text) ?? [];
  const whole = { folder: text, weight: 1 };
  if (folder === undefined) return whole;
  const there = await access(text).then(
    () => true,
    () => false,
  );
  return there ? whole : { folder, weight: Number(weight) };
}

async function readWeights(path: string): Promise<FileWeight[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  }
  return parseFileWeights(text, path);
}

function weightsInWords({ photos: { weights = {}, digests }, machine }: RunConfig): string {
  const { folders = {}, files = [] } = weights;
  const parts = [
    ...(Object.keys(folders).length > 0
      ? [
          `folders ${digests.map((digest) => folders[digest]).join(", ")} (of ${machine.folders.length})`,
        ]
      : []),
    ...files.map(({ glob, weight }) => `${glob} ${weight}`),
  ];
  return parts.join(", ");
}

function inJson(config: RunConfig): string {
  const { parameters, bytes } = trainingMemory(config);
  return JSON.stringify({ ...config, parameters, memoryBytes: bytes }, undefined, 2);
}

function tasksInWords({ tasks, mix = {} }: RunConfig): string {
  return tasks.map((name) => (mix[name] ? `${name} (${mix[name]} times)` : name)).join(", ");
}

function inWords(config: RunConfig): string {
  const { parameters, bytes } = trainingMemory(config);
  const { photos, machine } = config;
  const update = config.accumulate === 1 ? "" : ` x ${config.accumulate}`;
  const lines: [string, string][] = [
    ["preset", `${config.preset}, ${config.network.resolution}x${config.network.resolution}`],
    ["parameters", counted(parameters)],
    ["weights", config.from ? `those of ${config.from.name}` : "fresh"],
    ["memory", `about ${gibibytes(bytes)}`],
    ["photos", `${counted(photos.training)} for training`],
    ...(photos.weights ? [["drawn", weightsInWords(config)] as [string, string]] : []),
    ["held out", `${counted(photos.heldOut)} (${photos.holdOut})`],
    ["tasks", tasksInWords(config)],
    ...(config.gray === undefined
      ? []
      : [["in gray", `${config.gray} of the pictures, colorization apart`] as [string, string]]),
    [
      "crops",
      `${config.cropScale ?? "half..full"}${config.vary ? ", each of another aspect and tone" : ""}`,
    ],
    ...(config.jpegQuality
      ? [["JPEG", "a quarter of the qualities up to 95, some saved twice"] as [string, string]]
      : []),
    [
      "objective",
      config.regression
        ? `regression, ${config.loss}`
        : `${config.prediction}, ${config.loss}, ${config.weighting} weights, ${config.levels} noise levels`,
    ],
    ["batch", `${config.batch}${update} = ${counted(imagesPerUpdate(config))} images an update`],
    ["learning rate", `${config.learningRate} after ${counted(config.warmUpImages)} images`],
    ["EMA decay", String(config.emaDecay)],
    ["clip", config.clip === null ? "none" : `gradient norm ${config.clip}`],
    ["seed", String(config.seed)],
    ["threads", String(machine.threads)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${value}`).join("\n");
}

function gibibytes(bytes: number): string {
  const value = bytes / 2 ** 30;
  return `${value < 10 ? value.toFixed(1) : counted(Math.round(value))} GiB`;
}
