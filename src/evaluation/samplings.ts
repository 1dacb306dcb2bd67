/** How answers are drawn in an evaluation: "20", or with a sampler "ddpm:1000". */
import { type Sampler, samplers } from "../diffusion/samplers/sample.ts";
import { UsageError } from "../errors.ts";

export interface Sampling {
  readonly sampler: Sampler;
  readonly steps: number;
}

/**
 * @param text steps, or sampler and steps as in "ddim:50"
 * @throws UsageError when it is neither.
 */
export function parseSampling(text: string, sampler: Sampler = "dpm++"): Sampling {
  const [, name = sampler, digits] = /^(?:(.+):)?(\d+)$/.exec(text.trim()) ?? [];
  const known = samplers.find((one) => one === name);
  const steps = Number(digits);
  if (known === undefined || !Number.isSafeInteger(steps) || steps < 1) {
    throw new UsageError(
      `Cannot read the steps "${text}"; write a number such as 20, or sampler:number such as ddpm:1000 (samplers: ${samplers.join(", ")}).`,
    );
  }
  return { sampler: known, steps };
}

/** "dpm++:20"; the way it is written in options and reports. */
export function samplingName({ sampler, steps }: Sampling): string {
  return `${sampler}:${steps}`;
}
