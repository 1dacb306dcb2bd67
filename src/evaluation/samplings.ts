/** How answers are drawn in an evaluation: "20", "ddpm:1000", "dpm++:20:logsnr", "ddpm:1000:below". */
import { type Sampler, samplers } from "../diffusion/samplers/sample.ts";
import { UsageError } from "../errors.ts";

export interface Sampling {
  readonly sampler: Sampler;
  readonly steps: number;
  /** Noise levels even in log-SNR rather than in time. */
  readonly spacing?: "logsnr";
  /** Also at noise levels below those of training, as the paper's 1000 steps. */
  readonly belowTrained?: true;
}

/**
 * @param text steps, or sampler and steps as in "ddim:50"; then ":logsnr" or ":below"
 * @throws UsageError when it is none of these.
 */
export function parseSampling(text: string, sampler: Sampler = "dpm++"): Sampling {
  const [, name = sampler, digits, word] =
    /^(?:([^:]+):)?(\d+)(?::(logsnr|below))?$/.exec(text.trim()) ?? [];
  const known = samplers.find((one) => one === name);
  const steps = Number(digits);
  if (known === undefined || !Number.isSafeInteger(steps) || steps < 1) {
    throw new UsageError(
      `Cannot read the steps "${text}"; write a number such as 20, or sampler:number such as ddpm:1000 (samplers: ${samplers.join(", ")}), and behind it :logsnr or :below if you like.`,
    );
  }
  return {
    sampler: known,
    steps,
    ...(word === "logsnr" && { spacing: word }),
    ...(word === "below" && { belowTrained: true }),
  };
}

/** "dpm++:20"; the way it is written in options and reports. */
export function samplingName(sampling: Sampling): string {
  return [sampling.sampler, sampling.steps, ...wordsOf(sampling)].join(":");
}

/** The sampler with its noise levels, without the number of steps: "dpm++", "ddpm below". */
export function samplerName(sampling: Sampling): string {
  return [sampling.sampler, ...wordsOf(sampling)].join(" ");
}

function wordsOf({ spacing, belowTrained }: Sampling): string[] {
  return [...(spacing ? [spacing] : []), ...(belowTrained ? ["below"] : [])];
}
