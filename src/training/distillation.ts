/**
 * Distilling: from a diffusion model a student of the same network that needs few network calls, by
 * Easy Consistency Tuning (`diffusion/consistency.ts`). It is a training like any other, with
 * another target.
 */
import type { SamplerConfig } from "../diffusion/samplers/sampler-config.ts";
import type { TrainingSettings } from "./plan.ts";

export const distillationDefaults = {
  /** Network calls an answer. */
  calls: 4,
  /** Images of the tuning. */
  images: 100_000,
  learningRate: 1e-4,
} as const;

/**
 * Where a student is asked: even in log-SNR, the last call at little noise. The teacher's calls
 * near the clean image, which only copy it, are left out.
 */
const studentSampler: SamplerConfig = { sampler: "consistency", spacing: "logsnr", sigmaMin: 0.2 };

export interface DistillationSettings extends TrainingSettings {
  /** Network calls an answer of the student unless it is told otherwise, 1 or more; default 4. */
  readonly calls?: number;
  /**
   * Images of the tuning, which ends there; default 100,000. The distance between the levels that
   * are compared halves eight times meanwhile, and the learning rate falls to 0.
   */
  readonly images?: number;
}

/** The training that distills; it begins with the weights of the teacher. */
export function distillation({
  calls = distillationDefaults.calls,
  images = distillationDefaults.images,
  ...settings
}: DistillationSettings): TrainingSettings {
  return {
    ...settings,
    objective: { ...settings.objective, consistencyImages: images },
    optimizer: {
      learningRate: distillationDefaults.learningRate,
      ...settings.optimizer,
      annealImages: images,
    },
    sampler: studentSampler,
    calls,
  };
}
