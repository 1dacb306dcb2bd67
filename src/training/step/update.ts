/** One update of the weights: the batches that come next, and how they count. */
import type { LabelledBatch, Prefetch } from "../batches.ts";
import type { RunConfig } from "../run-config.ts";
import { emaDecayAt, learningRateAt } from "./optimizer.ts";
import type { StepResult, TrainingStepper } from "./types.ts";

export interface UpdateOptions {
  /** Images seen when it is made. */
  readonly after: number;
  /** Updates made before. */
  readonly step: number;
  /** Called with how many of its images are done; false gives the update up. */
  readonly onRun: (done: number) => boolean;
}

const givenUp = new Error("given up");

/**
 * Makes an update and says of which task each image was. Undefined when it was given up: then, as
 * when a batch cannot be had, nothing is changed.
 */
export async function makeUpdate(
  stepper: TrainingStepper,
  prefetch: Prefetch<LabelledBatch>,
  config: RunConfig,
  { after, step, onRun }: UpdateOptions,
): Promise<(StepResult & { readonly tasks: readonly string[] }) | undefined> {
  const tasks: string[] = [];
  async function* batches(): AsyncGenerator<LabelledBatch> {
    for (let k = 0; k < config.optimizer.accumulate; k++) {
      const batch = await prefetch.next();
      tasks.push(...batch.tasks);
      yield batch;
    }
  }
  const hyper = {
    learningRate: learningRateAt(config.optimizer, after),
    emaDecay: emaDecayAt(config.optimizer, step),
    clip: config.optimizer.clip ?? Number.POSITIVE_INFINITY,
  };
  try {
    const result = await stepper.step(batches(), hyper, (done) => {
      if (!onRun(done)) throw givenUp;
    });
    return { ...result, tasks };
  } catch (thrown) {
    if (thrown === givenUp) return undefined;
    throw thrown;
  }
}
