/**
 * Guidance by the source: a model that was also trained without the condition x (zeros, as in
 * InstructPix2Pix, Brooks et al. 2023) is called with and without it, and the estimate goes on from
 * the one without to the one with it (classifier-free guidance, Ho & Salimans 2022). It is for
 * colours: the known pixels of other tasks stand in y_t as well, or x nearly is the answer.
 */
import { stack } from "../image/stack.ts";
import type { ModelConfig } from "../models/config.ts";
import type { NetworkCall } from "../runtime/network.ts";
import type { Task } from "../tasks/task.ts";
import { PaletteError, UsageError } from "../util/errors.ts";

/** Beyond, every estimate would be clipped. */
export const mostGuidance = 10;

/** Whether it asks for calls without x: 1 is the model as it is. */
export function isGuided(guidance: number | undefined): guidance is number {
  return guidance !== undefined && guidance !== 1;
}

/** Whether the model was trained without x, too. */
export function knowsGuidance({ objective }: Pick<ModelConfig, "objective">): boolean {
  return (objective.conditioningDropout ?? 0) > 0;
}

/** @throws UsageError for guidance out of range, or of a task that gives no colours. */
export function checkGuidedTask(
  guidance: number | undefined,
  task?: Pick<Task, "name" | "colours">,
): void {
  if (guidance === undefined) return;
  if (!(guidance >= 0 && guidance <= mostGuidance))
    throw new UsageError(`The guidance is a number from 0 to ${mostGuidance}, not ${guidance}.`);
  if (isGuided(guidance) && task !== undefined && !task.colours)
    throw new UsageError(`Guidance is for colorizing: leave it out with ${task.name}.`);
}

/**
 * @param task what is done, where it is known
 * @throws UsageError as `checkGuidedTask`, PaletteError for a model that was not trained for it.
 */
export function checkGuidance(
  config: Pick<ModelConfig, "name" | "objective">,
  guidance: number | undefined,
  task?: Pick<Task, "name" | "colours">,
): void {
  checkGuidedTask(guidance, task);
  if (isGuided(guidance) && !knowsGuidance(config))
    throw new PaletteError(
      `${config.name} was not trained with --conditioning-dropout and knows no guidance: leave it out, or take another model.`,
    );
}

/**
 * The network's output without + guidance (with - without), by one call of twice as many images. As
 * the clean estimate is affine in the output, it is guided in the same way.
 */
export async function guidedOutput<Call extends Omit<NetworkCall, "gamma">>(
  predict: (call: Call) => Promise<Float32Array>,
  { source, noisy, shape: [images, ...size], units, ...call }: Call,
  guidance: number,
): Promise<Float32Array> {
  const output = await predict({
    ...call,
    source: stack([source, new Float32Array(source.length)]),
    noisy: stack([noisy, noisy]),
    shape: [2 * images, ...size],
    ...(units && { units: [...units, ...units] }),
  } as unknown as Call);
  const half = output.length / 2;
  return output
    .subarray(0, half)
    .map((value, k) => output[half + k]! + guidance * (value - output[half + k]!));
}
