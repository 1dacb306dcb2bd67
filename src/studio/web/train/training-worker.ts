/**
 * The worker that trains: photos are decoded and weights updated here, so that the page stays free.
 * Replicas and engines are workers of its own.
 */
import { configFile, weightsFile } from "../../../models/model.ts";
import type { TrainingOptions, TrainingOutcome } from "../../../training/options.ts";
import { PaletteError, reasonOf } from "../../../util/errors.ts";
import { omitUndefined } from "../../../util/omit-undefined.ts";
import { fetchModel, openStoredModel } from "../../../web/model-store.ts";
import {
  type BrowserTrainingPlan,
  browserRuns,
  planTraining,
  type TrainingRequest,
  train,
} from "../../../web/training/index.ts";
import {
  discardTraining,
  keepChoices,
  keepHeldOut,
  keepPhoto,
  keptPhotos,
  keptTraining,
  runName,
} from "./kept-training.ts";
import {
  type Limit,
  type LossLine,
  mostPhotos,
  type Start,
  type TrainChoices,
  type TrainNews,
  type TrainOrder,
} from "./messages.ts";
import { takePhoto } from "./photo-intake.ts";

let queue = Promise.resolve();
let running: AbortController | undefined;

self.addEventListener("message", ({ data: order }: MessageEvent<TrainOrder>) => {
  // A training under way ends before anything else begins.
  if (order.do !== "add" && order.do !== "model") running?.abort();
  if (order.do === "stop") return;
  queue = queue.then(() => carryOut(order)).catch((thrown) => tell({ failed: lineOf(thrown) }));
});

function tell(news: TrainNews): void {
  self.postMessage(news);
}

function lineOf(thrown: unknown): string {
  const line = reasonOf(thrown);
  return thrown instanceof PaletteError ? `${line}.` : `The training broke off (${line}).`;
}

async function carryOut(order: TrainOrder): Promise<void> {
  switch (order.do) {
    case "look":
      return look();
    case "add":
      return add(order.files);
    case "train":
      return teach(order.choices);
    case "discard":
      await discardTraining();
      return tell({ discarded: true });
    case "model":
      return tell({ model: await modelFiles() });
  }
}

async function look(): Promise<void> {
  const photos = await keptPhotos();
  const training = await keptTraining();
  const lines = (await browserRuns.stats(runName)) as unknown as LossLine[];
  const counts = await browserRuns.sheets(runName);
  const shown = [...new Set([counts.at(0), counts.at(-1)])];
  const sheets = [];
  for (const images of shown) {
    const file = images === undefined ? undefined : await browserRuns.sheet(runName, images);
    if (images !== undefined && file !== undefined) sheets.push({ images, file });
  }
  tell({ found: { photos: photos.length, lines, sheets, ...omitUndefined({ training }) } });
  for (const file of photos.slice(0, 12)) {
    const { thumbnail } = await takePhoto(file);
    tell({ photo: { thumbnail } });
  }
}

/** Keeps those that can be used, and tells of the others. */
async function add(files: readonly File[]): Promise<void> {
  const room = mostPhotos - (await keptPhotos()).length;
  const taken = files.slice(0, Math.max(0, room));
  if (taken.length < files.length) tell({ leftOut: { tooMany: files.length - taken.length } });
  tell({ adding: { done: 0, total: taken.length } });
  try {
    for (const [k, file] of taken.entries()) {
      const photo = await takePhoto(file).catch(() => undefined);
      if (photo === undefined) tell({ leftOut: { name: file.name } });
      else {
        await keepPhoto(photo.name, photo.file);
        tell({ photo: { thumbnail: photo.thumbnail } });
      }
      tell({ adding: { done: k + 1, total: taken.length } });
    }
  } finally {
    tell({ adding: { done: taken.length, total: taken.length } });
  }
}

async function teach(choices: TrainChoices): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  running = controller;
  try {
    tell({ part: { what: "preparing" } });
    // Sheets of a start that came to nothing would be another's.
    if ((await browserRuns.images(runName)) === 0) await browserRuns.remove(runName);
    const plan = await planOf(choices);
    await keepChoices(choices);
    if (signal.aborted) return tell({ ended: { end: "stopped", images: 0 } });
    const { end, images } = await tellEnd(train(plan, optionsOf(choices, signal)));
    if (end !== "stopped" || images === 0) return;
    // What was learned so far is shown, too, unless something else is asked for.
    const last = new AbortController();
    running = last;
    const options = optionsOf({ ...choices, limit: { images } }, last.signal);
    await tellEnd(train(plan, options));
  } finally {
    running = undefined;
  }
}

async function tellEnd(training: Promise<TrainingOutcome>): Promise<TrainingOutcome> {
  const outcome = await training;
  const { end, images, validationLoss } = outcome;
  const heldOut = validationLoss && { images, loss: validationLoss.mean };
  if (heldOut) await keepHeldOut(heldOut);
  tell({ ended: { end, images, ...(heldOut && { heldOut }) } });
  return outcome;
}

async function planOf({ start, tasks, threads }: TrainChoices): Promise<BrowserTrainingPlan> {
  const data = await keptPhotos();
  const request: TrainingRequest = {
    data,
    out: runName,
    tasks,
    threads,
    // A few hundred photos are soon known by heart: each crop gets another aspect and tone.
    augmentation: { vary: true },
    ...settingsOf(start),
  };
  // A run with weights of its own no longer needs those that it began with.
  if ("preset" in start || (await browserRuns.begun(runName))) return planTraining(request);
  const { place } = start;
  const from =
    "kept" in place
      ? await openStoredModel(place.kept)
      : await fetchModel(place.address, omitUndefined({ digest: place.digest }));
  return planTraining({ ...request, from });
}

/** Small steps from what a model knows; larger ones from nothing. */
function settingsOf(start: Start): Pick<TrainingRequest, "preset" | "optimizer"> {
  if ("preset" in start) {
    return { preset: start.preset, optimizer: { batch: 8, warmUpImages: 320 } };
  }
  return { optimizer: { batch: 8, learningRate: 1.5e-4, warmUpImages: 160 } };
}

function optionsOf(
  { limit, device }: TrainChoices,
  signal: AbortSignal,
): TrainingOptions & { readonly out: string } {
  return {
    out: runName,
    ...("images" in limit ? limit : { hours: limit.minutes / 60 }),
    device,
    signal,
    validateFirst: true,
    checkpointEvery: { minutes: 1 },
    statsEvery: 8,
    heldOutEvery: 400,
    samplesEvery: 400,
    reporter: {
      line() {},
      progress({ images, clock }) {
        const perSecond = clock.seen / clock.session;
        const secondsLeft = leftOf(limit, { images, perSecond, seconds: clock.seconds });
        tell({ progress: { images, perSecond, secondsLeft } });
      },
      part(what, done, total) {
        if (what.startsWith("network calls")) {
          tell({ part: { what: "looking", share: done / total } });
        }
      },
      waiting(_what, work) {
        tell({ part: { what: "preparing" } });
        return work;
      },
      recorded: (line) => tell({ line: line as LossLine }),
      sheet: (images) => void tellSheet(images).catch(() => {}),
    },
  };
}

function leftOf(
  limit: Limit,
  { images, perSecond, seconds }: { images: number; perSecond: number; seconds: number },
): number {
  if ("minutes" in limit) return Math.max(0, limit.minutes * 60 - seconds);
  return Math.max(0, limit.images - images) / perSecond;
}

async function tellSheet(images: number): Promise<void> {
  const file = await browserRuns.sheet(runName, images);
  if (file !== undefined) tell({ sheet: { images, file } });
}

/** The model's files under a name of their own, so that it is told from the one it began with. */
async function modelFiles(): Promise<File[]> {
  const model = await browserRuns.model(runName);
  if (model === undefined) throw new PaletteError("Nothing was trained yet: start first.");
  const { start } = (await keptTraining())?.choices ?? {};
  const base = start === undefined ? "model" : "model" in start ? start.model : start.preset;
  const config = JSON.parse(await model.config.text()) as object;
  const text = `${JSON.stringify({ ...config, name: `my-${base}` }, undefined, 2)}\n`;
  return [new File([text], configFile), new File([model.weights], weightsFile)];
}
