/** The optimizer of a training: Adam, its learning rate, batches and the average of the weights. */
import { z } from "zod";
import { cliOptions } from "./cli-option.ts";

export const optimizerSchema = z.strictObject({
  /** Images a gradient. */
  batch: z.int().positive().register(cliOptions, {
    flag: "--batch <n>",
    description: "images a gradient",
    expects: "a whole number of at least 1",
  }),
  /** Gradients an update. */
  accumulate: z.int().positive().register(cliOptions, {
    flag: "--accumulate <n>",
    description: "gradients an update",
    expects: "a whole number of at least 1",
  }),
  /** Adam's, after the warm-up. */
  learningRate: z.number().positive().register(cliOptions, {
    flag: "--lr <rate>",
    description: "Adam's learning rate",
    expects: "a number above 0",
  }),
  /** Images over which the learning rate rises linearly from 0. */
  warmUpImages: z.int().min(0).register(cliOptions, {
    flag: "--warmup <images>",
    description: "linear rise of the rate",
    expects: "a whole number of at least 0",
  }),
  /**
   * Images of the whole training: after the warm-up the rate falls in a straight line to 0 there,
   * and the training ends. Constant where it is left out.
   */
  annealImages: z.int().positive().optional().register(cliOptions, {
    flag: "--anneal <images>",
    description: "linear fall of the rate to 0 at so many images, where training ends",
    expects: "a whole number of at least 1",
  }),
  /** Weight of the old average in the new one, an update; lower at the start (`emaDecayAt`). */
  emaDecay: z.number().min(0).lt(1).register(cliOptions, {
    flag: "--ema <decay>",
    description: "decay of the averaged weights an update, below 1",
    expects: "a number from 0 to below 1: 1 never learns",
  }),
  /**
   * Whether two power-function averages and snapshots of them are kept, from which
   * `palette average` makes an average of any length (`training/power-average.ts`). Left out where
   * not. It changes no weights: a run may begin with it at any time.
   */
  postHocEma: z.literal(true).optional().register(cliOptions, {
    flag: "--post-hoc-ema",
    description: "keep what palette average needs to choose the average's length afterwards",
  }),
  /** Largest global norm of the gradient; null: never clipped. */
  clip: z.number().positive().nullable().register(cliOptions, {
    flag: "--clip <norm>",
    description: "largest norm of the gradient, or none",
    expects: "a number above 0, or none",
  }),
});

export type Optimizer = z.infer<typeof optimizerSchema>;

/** Images an update of the weights. */
export function imagesPerUpdate({
  batch,
  accumulate,
}: Pick<Optimizer, "batch" | "accumulate">): number {
  return batch * accumulate;
}
