/** One update of the weights: the batches that come next, and how they count. */
import { imagesPerUpdate } from "../../models/settings/optimizer.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { distribute } from "../../util/shares.ts";
import type { LabelledBatch, Prefetch } from "../batches.ts";
import { keptLengths, powerDecay } from "../power-average.ts";
import type { Leader } from "../ranks/leader.ts";
import type { RunConfig } from "../run-config.ts";
import { emaDecayAt, learningRateAt } from "./optimizer.ts";
import type { StepResult, TrainingStepper } from "./types.ts";

export interface UpdateOptions {
  /** Images seen when it is made. */
  readonly after: number;
  /** Updates made before. */
  readonly step: number;
  /** Images seen when the power-function averages began, where they are kept. */
  readonly averagesBegan?: number;
  /** Called with how many of its images are done; false gives the update up. */
  readonly onRun: (done: number) => boolean;
  /** Has the other ranks make their share of the update. */
  readonly leader?: Leader;
}

/** What came of an update: of all its images, in their order, the losses and the tasks. */
export type Update = StepResult & { readonly tasks: readonly string[] };

const givenUp = new Error("given up");

/**
 * Makes an update and says of which task each image was. Undefined when it was given up: then, as
 * when a batch cannot be had, nothing is changed.
 */
export async function makeUpdate(
  stepper: TrainingStepper,
  prefetch: Prefetch<LabelledBatch>,
  config: RunConfig,
  { after, step, averagesBegan, onRun, leader }: UpdateOptions,
): Promise<Update | undefined> {
  const { optimizer } = config;
  const stride = imagesPerUpdate(optimizer);
  const power = (length: number) =>
    averagesBegan === undefined ? undefined : powerDecay(length, stride, after - averagesBegan);
  const hyper = {
    learningRate: learningRateAt(optimizer, after),
    emaDecay: emaDecayAt(optimizer, step),
    ...omitUndefined({
      shortDecay: power(keptLengths.emaShort),
      longDecay: power(keptLengths.emaLong),
    }),
    clip: optimizer.clip ?? Number.POSITIVE_INFINITY,
  };
  const tasks: string[] = [];
  async function* batches(): AsyncGenerator<LabelledBatch> {
    for (let k = 0; k < optimizer.accumulate; k++) {
      await (k === 0 ? leader?.begin(hyper, step) : leader?.batch());
      const batch = await prefetch.next();
      tasks.push(...batch.tasks);
      yield batch;
    }
    await leader?.sum();
  }
  // The other ranks are about as far.
  const here = leader ? distribute(optimizer.batch, leader.communicator.size)[0]! : optimizer.batch;
  const local = here * optimizer.accumulate;
  try {
    const result = await stepper.step(batches(), hyper, (done) => {
      if (!onRun(Math.floor((done * stride) / local))) throw givenUp;
    });
    if (leader === undefined) return { ...result, tasks };
    const places = tasks.map((task) => config.tasks.indexOf(task));
    const seen = await leader.collect({ losses: result.losses, tasks: places }, optimizer.batch);
    const names = seen.tasks.map((place) => config.tasks[place]!);
    return { ...result, losses: seen.losses, tasks: names };
  } catch (thrown) {
    await leader?.giveUp();
    if (thrown === givenUp) return undefined;
    throw thrown;
  }
}
