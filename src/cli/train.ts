/** `palette train`: a model from folders of photos. */
import { access } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { type FileWeight, parseFileWeights } from "../data/weights.ts";
import { augmentationSchema } from "../models/settings/augmentation.ts";
import { objectiveSchema } from "../models/settings/objective.ts";
import { imagesPerUpdate, optimizerSchema } from "../models/settings/optimizer.ts";
import { type Launch, launchOf } from "../node/mpi/launch.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import { readToEnd } from "../node/regular-file.ts";
import { RunFolder } from "../node/run-folder.ts";
import { planTraining, type TrainingRequest, train } from "../node/training.ts";
import type { Device } from "../runtime/runtime.ts";
import { distillation } from "../training/distillation.ts";
import { trainingMemory } from "../training/memory.ts";
import type { TrainingOptions, TrainingOutcome } from "../training/options.ts";
import type { TrainingPlan } from "../training/plan.ts";
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
import { trainAsRank } from "./train-as-rank.ts";
import { TrainingReporter } from "./training-progress.ts";

/** Trains, or prints what would be trained. */
export async function trainModel(options: TrainFlags): Promise<void> {
  await carryOut(options, (launch) => trainingRequest(options, launch));
}

/** Distills, or prints what would be trained; `distillation` says when it ends. */
export async function distillModel({ calls, images, ...options }: DistillFlags): Promise<void> {
  await carryOut(options, async (launch) => {
    const { from, out, data, ...settings } = await trainingRequest(options, launch);
    return { from, out, data, ...distillation({ ...settings, calls, images }) };
  });
}

/** As one of several ranks where mpirun started this process. */
async function carryOut(
  options: TrainFlags,
  request: (launch: Launch | undefined) => Promise<TrainingRequest>,
): Promise<void> {
  const launch = launchOf();
  const planned = async () => {
    await claimFolder(options.out, folderKinds.run);
    return planTraining(await request(launch));
  };
  if (options.dryRun && launch !== undefined && launch.rank > 0) return;
  if (launch !== undefined && !options.dryRun)
    return trainAsRank(launch, options, planned, reported);
  const plan = await whileWaiting("Looking for photos", planned());
  if (options.dryRun) {
    for (const note of plan.notes) log(note);
    say((options.json ? inJson : inWords)(plan.config, options.device));
    return;
  }
  await interruptible((signal) => reported(plan, options, signal, (chosen) => train(plan, chosen)));
}

/** Trains and tells how it goes. */
async function reported(
  plan: TrainingPlan,
  options: TrainFlags,
  signal: AbortSignal,
  run: (options: TrainingOptions & { readonly out: string }) => Promise<TrainingOutcome>,
): Promise<void> {
  const { out, images, hours, device, precision } = options;
  const { checkpointEvery, statsEvery, heldOutEvery, samplesEvery } = options;
  const reporter = Object.assign(
    new TrainingReporter({ tasks: plan.config.tasks, images, hours }),
    { waiting: whileWaiting },
  );
  signal.addEventListener("abort", () => {
    reporter.line("stopping and saving; once more to stop without saving");
  });
  try {
    const outcome = await run({
      ...{ out, images, hours, device, precision, signal, reporter },
      ...{ checkpointEvery, statsEvery, heldOutEvery, samplesEvery },
    });
    if (options.json) say(JSON.stringify(outcome));
    // After Ctrl-C a script must not go on; a SIGTERM has been obeyed.
    const reason: unknown = outcome.end === "stopped" ? signal.reason : undefined;
    if (reason instanceof Interrupted && reason.exitCode === 130) throw reason;
  } finally {
    reporter.end();
  }
}

/** What the options ask for, with the files that they name read. */
export async function trainingRequest(
  options: TrainFlags,
  launch?: Launch,
): Promise<TrainingRequest> {
  const { weights, preset, from, out, network, resolution, tasks, mix, holdOut } = options;
  const { seed, threads, recompute } = options;
  const given = { ...options };
  const known = await RunFolder.configIn(out);
  const folders = await weightedFolders(options.data);
  return {
    data: folders.map(({ folder }) => folder),
    folderWeights: Object.fromEntries(folders.map(({ folder, weight }) => [folder, weight])),
    ...omitUndefined({ preset, from, resolution, tasks, mix, holdOut }),
    ...(weights !== undefined && { fileWeights: await readWeights(weights) }),
    ...(network !== undefined && { network: await readNetwork(network) }),
    out,
    objective: {
      ...settingsGiven(objectiveSchema, given),
      ...omitUndefined({ firstCall: options.firstCall }),
    },
    optimizer: settingsGiven(optimizerSchema, given),
    augmentation: {
      ...settingsGiven(augmentationSchema, given),
      ...omitUndefined({ ownPixels: options.ownPixels }),
    },
    seed,
    threads: threads ?? threadsOf(known, launch),
    ...(launch && { ranks: launch.size }),
    ...omitUndefined({ recompute }),
  };
}

/** Those that the run had; with other ranks than before, this rank's share of its host's cores. */
function threadsOf(known: RunConfig | undefined, launch: Launch | undefined): number {
  const { size, local } = launch ?? { size: 1, local: 1 };
  if (known && (known.machine.ranks ?? 1) === size) return known.machine.threads;
  // A launcher may have bound the rank to some cores already.
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpus().length / local)));
}

/** Folders of photos, and how often those of each are drawn. */
export function weightedFolders(
  texts: readonly string[],
): Promise<{ folder: string; weight: number }[]> {
  return Promise.all(texts.map(weightedFolder));
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

export async function readWeights(path: string): Promise<FileWeight[]> {
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

function inJson(config: RunConfig, device: Device): string {
  const { parameters, bytes } = trainingMemory(config, device);
  return JSON.stringify({ ...config, parameters, memoryBytes: bytes }, undefined, 2);
}

function tasksInWords({ tasks, mix = {} }: RunConfig): string {
  return tasks.map((name) => (mix[name] ? `${name} (${mix[name]} times)` : name)).join(", ");
}

function inWords(config: RunConfig, device: Device): string {
  const { parameters, bytes } = trainingMemory(config, device);
  const { photos, machine, objective, optimizer, augmentation } = config;
  const { batch, accumulate, learningRate, warmUpImages, annealImages } = optimizer;
  const { emaDecay, postHocEma, clip } = optimizer;
  const falls = annealImages === undefined ? "" : `, falling to 0 at ${counted(annealImages)}`;
  const { cropScale, ownPixels = {}, jpegQuality, gray, vary } = augmentation;
  const own = Object.entries(ownPixels).map(
    ([task, share]) => `, ${share} of ${task} at own pixels`,
  );
  const first = Object.entries(objective.firstCall ?? {}).map(
    ([task, share]) => `, ${share} of ${task} as first calls`,
  );
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
    ["crops", `${cropScale}${own.join("")}${vary ? ", each of another aspect and tone" : ""}`],
    ...(jpegQuality === "wide"
      ? [["JPEG", "a quarter of the qualities up to 95, some saved twice"] as [string, string]]
      : []),
    [
      "objective",
      objective.regression
        ? `regression, ${objective.loss}`
        : `${objective.prediction}, ${objective.loss}, ${objective.weighting} weights, ${objective.noiseLevels} noise levels${first.join("")}${objective.conditioningDropout ? `, ${objective.conditioningDropout} of the pictures to colorize unseen` : ""}`,
    ],
    [
      "batch",
      `${batch}${accumulate === 1 ? "" : ` x ${accumulate}`} = ${counted(imagesPerUpdate(optimizer))} images an update`,
    ],
    ["learning rate", `${learningRate} after ${counted(warmUpImages)} images${falls}`],
    ["EMA decay", `${emaDecay}${postHocEma ? ", and averages of lengths to be chosen" : ""}`],
    ["clip", clip === null ? "none" : `gradient norm ${clip}`],
    ["seed", String(config.seed)],
    ["threads", `${machine.threads}${machine.recompute ? ", recomputing" : ""}`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${value}`).join("\n");
}
