/** `palette train`: a model from folders of photos. */
import { access } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type FileWeight, parseFileWeights } from "../data/weights.ts";
import { augmentationSchema } from "../models/settings/augmentation.ts";
import { objectiveSchema } from "../models/settings/objective.ts";
import { imagesPerUpdate, optimizerSchema } from "../models/settings/optimizer.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import { readToEnd } from "../node/regular-file.ts";
import { RunFolder } from "../node/run-folder.ts";
import { planTraining, type TrainingRequest, train } from "../node/training.ts";
import { distillation } from "../training/distillation.ts";
import { trainingMemory } from "../training/memory.ts";
import type { RunConfig } from "../training/run-config.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { counted, inGigabytes } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { DistillFlags } from "./commands/distill.ts";
import type { TrainFlags } from "./commands/train.ts";
import { log, say } from "./console.ts";
import { Interrupted, interruptible } from "./interrupt.ts";
import { readNetwork } from "./network.ts";
import { whileWaiting } from "./progress.ts";
import { settingsGiven } from "./setting-options.ts";
import { TrainingReporter } from "./training-progress.ts";

/** Trains, or prints what would be trained. */
export async function trainModel(options: TrainFlags): Promise<void> {
  await carryOut(options, () => trainingRequest(options));
}

/** Distills, or prints what would be trained; `distillation` says when it ends. */
export async function distillModel({ calls, images, ...options }: DistillFlags): Promise<void> {
  await carryOut(options, async () => {
    const { from, out, data, ...settings } = await trainingRequest(options);
    return { from, out, data, ...distillation({ ...settings, calls, images }) };
  });
}

async function carryOut(
  options: TrainFlags,
  request: () => Promise<TrainingRequest>,
): Promise<void> {
  await claimFolder(options.out, folderKinds.run);
  const plan = await whileWaiting("Looking for photos", request().then(planTraining));
  if (options.dryRun) {
    for (const note of plan.notes) log(note);
    say(options.json ? inJson(plan.config) : inWords(plan.config));
    return;
  }
  const { images, hours } = options;
  const reporter = Object.assign(
    new TrainingReporter({ tasks: plan.config.tasks, images, hours }),
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

/** What the options ask for, with the files that they name read. */
export async function trainingRequest(options: TrainFlags): Promise<TrainingRequest> {
  const { weights, preset, from, out, network, tasks, mix, holdOut, seed, threads } = options;
  const given = { ...options };
  const known = await RunFolder.configIn(out);
  const folders = await Promise.all(options.data.map(weightedFolder));
  return {
    data: folders.map(({ folder }) => folder),
    folderWeights: Object.fromEntries(folders.map(({ folder, weight }) => [folder, weight])),
    ...omitUndefined({ preset, from, tasks, mix, holdOut }),
    ...(weights !== undefined && { fileWeights: await readWeights(weights) }),
    ...(network !== undefined && { network: await readNetwork(network) }),
    out,
    objective: settingsGiven(objectiveSchema, given),
    optimizer: settingsGiven(optimizerSchema, given),
    augmentation: settingsGiven(augmentationSchema, given),
    seed,
    threads: threads ?? known?.machine.threads ?? availableParallelism(),
  };
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
    text = String(await readToEnd(path));
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
  const { photos, machine, objective, optimizer, augmentation } = config;
  const { batch, accumulate, learningRate, warmUpImages, annealImages, emaDecay, clip } = optimizer;
  const falls = annealImages === undefined ? "" : `, falling to 0 at ${counted(annealImages)}`;
  const { cropScale, jpegQuality, gray, vary } = augmentation;
  const lines: [string, string][] = [
    ["preset", `${config.preset}, ${config.network.resolution}x${config.network.resolution}`],
    ["parameters", counted(parameters)],
    ["weights", config.from ? `those of ${config.from.name}` : "fresh"],
    ["memory", `about ${inGigabytes(bytes)}`],
    ["photos", `${counted(photos.training)} for training`],
    ...(photos.weights ? [["drawn", weightsInWords(config)] as [string, string]] : []),
    ["held out", `${counted(photos.heldOut)} (${photos.holdOut})`],
    ["tasks", tasksInWords(config)],
    ...(gray === 0
      ? []
      : [["in gray", `${gray} of the pictures, colorization apart`] as [string, string]]),
    ["crops", `${cropScale}${vary ? ", each of another aspect and tone" : ""}`],
    ...(jpegQuality === "wide"
      ? [["JPEG", "a quarter of the qualities up to 95, some saved twice"] as [string, string]]
      : []),
    [
      "objective",
      objective.regression
        ? `regression, ${objective.loss}`
        : `${objective.prediction}, ${objective.loss}, ${objective.weighting} weights, ${objective.noiseLevels} noise levels`,
    ],
    [
      "batch",
      `${batch}${accumulate === 1 ? "" : ` x ${accumulate}`} = ${counted(imagesPerUpdate(optimizer))} images an update`,
    ],
    ["learning rate", `${learningRate} after ${counted(warmUpImages)} images${falls}`],
    ["EMA decay", String(emaDecay)],
    ["clip", clip === null ? "none" : `gradient norm ${clip}`],
    ["seed", String(config.seed)],
    ["threads", String(machine.threads)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${value}`).join("\n");
}
