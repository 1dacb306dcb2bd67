/** The objective of a training: what is predicted, and which errors count how much. */
import { z } from "zod";
import { weightings } from "../../diffusion/loss-weighting.ts";
import { predictions } from "../../diffusion/parameterization.ts";
import { noiseLevelDistributions } from "../../diffusion/schedule.ts";
import { losses } from "../../nn/loss.ts";
import { cliOptions } from "./cli-option.ts";

export const objectiveSchema = z.strictObject({
  /** What the network's output means. */
  prediction: z.enum(predictions).register(cliOptions, {
    flag: "--predict <what>",
    description: "what the network predicts (default: the preset's, or that of --from)",
  }),
  /** The error that is minimised. */
  loss: z.enum(losses).register(cliOptions, {
    flag: "--loss <p>",
    description: "error to minimise (default: the preset's, or that of --from)",
  }),
  /** Weight of an image's loss by its noise level. */
  weighting: z.enum(weightings).register(cliOptions, {
    flag: "--weighting <name>",
    description: "weight of the noise levels (default: the preset's, or that of --from)",
  }),
  /** p(gamma): the distribution of the noise levels. */
  noiseLevels: z.enum(noiseLevelDistributions).register(cliOptions, {
    flag: "--levels <name>",
    description: "how noise levels are drawn (default: the preset's, or as of --from)",
  }),
  /** The paper's baseline: no noise, y predicted in one network call. Left out where false. */
  regression: z.boolean().optional().register(cliOptions, {
    flag: "--regression",
    description: "train the paper's baseline: no noise, one network call",
  }),
  /**
   * Share of the examples of tasks that give colours whose condition x is left out (zeros), so that
   * the model can be guided (`pipeline/guidance.ts`). Left out where 0.
   */
  conditioningDropout: z.number().min(0).max(0.5).optional().register(cliOptions, {
    flag: "--conditioning-dropout <share>",
    description:
      "share of the pictures to colorize that the network does not see, for --guidance (default: 0, or that of --from)",
    expects: "a number from 0 to 0.5",
  }),
  /**
   * Share of a task's examples, by task, that are what the first network call of a sampling is
   * given, and the only one of the posterior mean: noise alone, or x where the model starts there
   * (`sampling.starts`, `jpegStarts`). Left out where p(gamma) alone draws.
   */
  firstCall: z.record(z.string(), z.number().min(0).max(1)).optional(),
  /**
   * Images over which a diffusion model is tuned into a consistency model, which needs few network
   * calls (`diffusion/consistency.ts`); `palette distill` sets it. Left out for all others.
   */
  consistencyImages: z.int().positive().optional(),
});

export type Objective = z.infer<typeof objectiveSchema>;

/** The objective of a model: its use needs the prediction; the rest is known where recorded. */
export const modelObjectiveSchema = objectiveSchema.partial().required({ prediction: true });

export type ModelObjective = z.infer<typeof modelObjectiveSchema>;

/** The paper's loss, weights and noise levels. */
export const paperObjective = {
  loss: "l2",
  weighting: "uniform",
  noiseLevels: "schedule",
} as const satisfies Partial<Objective>;
