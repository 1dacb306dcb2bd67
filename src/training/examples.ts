/** The examples and batches of a plan, on whichever rank they are made. */
import { ExampleSource } from "../data/examples.ts";
import { tasksByShare } from "../data/task-sampler.ts";
import { scheduleFrom } from "../diffusion/schedule.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { BatchSource } from "./batches.ts";
import type { TrainingPlan } from "./plan.ts";
import type { TrainingPlatform } from "./platform.ts";

export interface TrainingBatchesOptions {
  /** Told of photos that cannot be used as they are. */
  readonly say: (line: string) => void;
  /** Which images of each batch are made, from the first to one past the last; all unless given. */
  readonly range?: readonly [number, number];
}

export function trainingBatches(
  plan: TrainingPlan,
  { reader, codec, photoCacheBytes }: Omit<TrainingPlatform, "runtime" | "spawn">,
  { say, range }: TrainingBatchesOptions,
): { readonly examples: ExampleSource; readonly source: BatchSource } {
  const { config } = plan;
  const { resolution } = config.network;
  const { jpegQuality, ...variation } = config.augmentation;
  const examples = new ExampleSource({
    reader,
    codec,
    photos: plan.training,
    tasks: tasksByShare(config.tasks, config.mix),
    resolution,
    seed: config.seed,
    ...omitUndefined({ weights: plan.weights, cacheBytes: photoCacheBytes }),
    ...variation,
    taskOptions: { jpegQuality },
    onSkip: (_path, reason) => say(`photo skipped: ${reason}`),
    onEnlarge: (path, { width, height }) =>
      say(
        `photos smaller than ${resolution} pixels a side are enlarged, which teaches blur; the first is ${path} (${width}x${height})`,
      ),
  });
  const schedule = scheduleFrom(config.trainingSchedule);
  const source = new BatchSource(examples, { ...config, schedule, ...omitUndefined({ range }) });
  return { examples, source };
}
