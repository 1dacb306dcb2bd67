/** What the strategies of a training step share where several ranks carry it out. */

import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { vectorsIn } from "../step/optimizer.ts";
import type { Ranks, StepperOptions } from "../step/types.ts";
import { type Partition, partition } from "./partition.ts";

/**
 * Which parts of the vectors are this rank's.
 * @param kind what the vectors have to be, as `fits` finds
 * @throws TypeError for a state whose vectors are of another length or kind.
 */
export function checkState(
  { network, state, ranks }: Pick<StepperOptions, "network" | "state" | "ranks">,
  kind: string,
  fits: (vector: Float32Array) => boolean,
): Partition {
  const count = parameterCount(parameterSpecs(network));
  const parts = ranks?.partition ?? partition(count);
  const check = (vector: Float32Array, length: number) => {
    if (vector.length !== length || !fits(vector))
      throw new TypeError(`the state must be ${kind} vectors of ${length} numbers`);
  };
  check(state.parameters, count);
  for (const name of vectorsIn(state)) if (name !== "parameters") check(state[name]!, parts.owned);
  return parts;
}

/**
 * The norm of the whole gradient, and whether it and all losses are finite.
 * @param squares the sum of squares of what this rank updates
 */
export async function judge(
  squares: number,
  losses: Float32Array,
  ranks: Ranks | undefined,
): Promise<{ readonly gradientNorm: number; readonly finite: boolean }> {
  const known = losses.every(Number.isFinite);
  if (ranks === undefined) {
    const gradientNorm = Math.sqrt(squares);
    return { gradientNorm, finite: known && Number.isFinite(gradientNorm) };
  }
  // All ranks add up the same numbers in the same order, and so decide the same.
  const all = await ranks.communicator.allgather(Float64Array.of(squares, known ? 1 : 0));
  let total = 0;
  let allKnown = true;
  for (let rank = 0; rank < ranks.communicator.size; rank++) {
    total += all[2 * rank]!;
    allKnown &&= all[2 * rank + 1] === 1;
  }
  const gradientNorm = Math.sqrt(total);
  return { gradientNorm, finite: allKnown && Number.isFinite(gradientNorm) };
}

/** Transfers one after the other, while the next bucket is computed. */
export class Traffic {
  private last: Promise<void> = Promise.resolve();

  add(transfer: () => Promise<void>): void {
    this.last = this.last.then(transfer);
    // Whoever waits for the end is told.
    this.last.catch(() => {});
  }

  done(): Promise<void> {
    return this.last;
  }
}
