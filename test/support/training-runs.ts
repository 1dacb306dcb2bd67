/** Short trainings for tests: nine small photos, the smallest network, a folder for each run. */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { uNetConfig } from "../../src/nn/config.ts";
import {
  planTraining,
  type TrainingPlan,
  type TrainingRequest,
  train,
} from "../../src/node/training.ts";
import type { Progress, TrainingOptions, TrainingOutcome } from "../../src/training/options.ts";
import { writePhotos } from "../training-photos.ts";
import { failureOf } from "./failure.ts";

export interface TrainedRun {
  readonly outcome: TrainingOutcome;
  readonly lines: string[];
  readonly progress: Progress[];
  readonly stats: StatsLine[];
}

export interface StatsLine {
  readonly images: number;
  readonly loss: number;
  readonly lossByTask: Record<string, number>;
  readonly validationLoss?: number;
  readonly validationLossByTask?: Record<string, number>;
  readonly machine?: unknown;
}

/** A network of few layers, whose graphs are compiled at once. */
export const trainedNetwork = uNetConfig.parse({
  resolution: 16,
  stem: 2,
  outputSkip: "concat",
  base: 8,
  multipliers: [1],
  blocks: 1,
  attention: [],
  headChannels: 8,
  groups: 4,
});

type Wishes = Partial<TrainingRequest>;

/** Intervals at which 8 images have something to report. */
export const often = { statsEvery: 4, heldOutEvery: 8, samplesEvery: 100 };

/** What decides about the bytes of a run. */
export const results = ["checkpoint.safetensors", "model/weights.safetensors", "model/config.json"];

/**
 * Trainings of a test file, in a folder that is removed after its tests.
 * @param trainsBase whether there is a run to look at
 */
export function trainingRuns(trainsBase = true) {
  let folder = "";
  let count = 0;
  /** A folder for a run of its own. */
  const newRun = () => join(folder, `run-${count++}`);
  const planned = (wishes: Wishes = {}): Promise<TrainingPlan> =>
    planTraining({
      data: [join(folder, "photos")],
      preset: "tiny-32",
      // A model to begin with has its own.
      ...(wishes.from === undefined && { network: trainedNetwork }),
      // Two tasks, one with a mask: validation passes cost a part for each.
      tasks: ["colorize", "inpaint"],
      threads: 1,
      seed: 3,
      ...wishes,
      optimizer: { batch: 2, ...wishes.optimizer },
    });

  /** Trains 8 images unless told otherwise. */
  async function trained(
    options: Partial<TrainingOptions> & { out: string },
    wishes: Wishes = {},
  ): Promise<TrainedRun> {
    const lines: string[] = [];
    const progress: Progress[] = [];
    const reporter = {
      line: (text: string) => lines.push(text),
      progress: (update: Progress) => progress.push(update),
    };
    const outcome = await train(await planned({ out: options.out, ...wishes }), {
      images: 8,
      ...often,
      ...options,
      reporter,
    });
    return { outcome, lines, progress, stats: await statsOf(options.out) };
  }

  const base = () => join(folder, "base");
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-train-"));
    await writePhotos(join(folder, "photos"), 9);
    if (trainsBase) await trained({ out: base() });
  });
  afterAll(() => rm(folder, { recursive: true }));

  return {
    /** A path in the folder of all runs. */
    path: (...names: string[]) => join(folder, ...names),
    /** The nine photos, two of which are held out. */
    photos: () => join(folder, "photos"),
    /** A run of 8 images, to look at. */
    base,
    /** A copy of it, to change. */
    async copied(): Promise<string> {
      const run = newRun();
      await cp(base(), run, { recursive: true });
      return run;
    },
    newRun,
    planned,
    trained,
    /** Why a training did not take place or did not end well, in one line. */
    refusal: (...given: Parameters<typeof trained>) => failureOf(trained(...given)),
  };
}

export async function statsOf(run: string): Promise<StatsLine[]> {
  const text = await readFile(join(run, "stats.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as StatsLine);
}

/** A line of statistics without what the machine's speed decides. */
export const numbersOf = ({ machine: _machine, ...line }: StatsLine) => line;

/** Digests of files: comparing their millions of bytes one by one takes minutes. */
export function bytesOf(run: string, ...names: string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) =>
      createHash("sha256")
        .update(await readFile(join(run, name)))
        .digest("hex"),
    ),
  );
}
