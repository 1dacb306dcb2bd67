/** A share of a job that several machines do: shard k of N takes each Nth part from the kth. */
import type { Environment } from "./environment.ts";
import { UsageError } from "./errors.ts";

export interface Shard {
  /** From 1 to `of`. */
  readonly number: number;
  readonly of: number;
}

/** Whether part `index`, counted from 0, is the shard's. */
export function isInShard(index: number, { number, of }: Shard): boolean {
  return index % of === number - 1;
}

/** "2/8" */
export function shardName({ number, of }: Shard): string {
  return `${number}/${of}`;
}

/**
 * Reads "2/8" (k from 1 to N), or "env" and "env/8", which take it from a Slurm array
 * (SLURM_ARRAY_TASK_ID with _MIN, _MAX, _STEP and _COUNT) or an indexed job of Kubernetes
 * (JOB_COMPLETION_INDEX). The number of shards is then the one behind "env/", $PALETTE_SHARDS, or
 * the size of the Slurm array. With a number given, indices count from 0; so a part of an array
 * can be submitted again.
 * @throws UsageError when it cannot be read, or the environment does not say it.
 */
export function parseShard(text: string, environment: Environment): Shard {
  const [, word, count] = /^(\d+|env)(?:\/(\d+))?$/.exec(text.trim()) ?? [];
  if (word === undefined || (word !== "env" && count === undefined)) {
    throw new UsageError(`Give --shard k/N with k from 1 to N, as 2/8, or env, not "${text}".`);
  }
  const given = count === undefined ? undefined : Number(count);
  const shard =
    word === "env"
      ? shardOf(environment, given)
      : { number: Number(word), of: given ?? 0, said: `--shard ${text}` };
  const { number, of, said } = shard;
  if (of < 1 || number < 1 || number > of || !Number.isSafeInteger(of)) {
    throw new UsageError(`${said} is none of ${of} shards: k goes from 1 to N, indices from 0.`);
  }
  return { number, of };
}

function shardOf(environment: Environment, given?: number): Shard & { readonly said: string } {
  const read = (name: string) => {
    const text = environment[name];
    if (text === undefined || text === "") return undefined;
    if (/^\d+$/.test(text)) return Number(text);
    throw new UsageError(`$${name} is no whole number: ${text}.`);
  };
  const of = given ?? read("PALETTE_SHARDS");
  const task = read("SLURM_ARRAY_TASK_ID");
  const [name, index] =
    task === undefined
      ? ["JOB_COMPLETION_INDEX", read("JOB_COMPLETION_INDEX")]
      : ["SLURM_ARRAY_TASK_ID", task];
  if (index === undefined) {
    throw new UsageError(
      "--shard env needs $SLURM_ARRAY_TASK_ID or $JOB_COMPLETION_INDEX, and there is neither: give k/N.",
    );
  }
  const said = `$${name} = ${index}`;
  if (of !== undefined) return { number: index + 1, of, said };
  if (task === undefined) {
    throw new UsageError(
      "Kubernetes does not say how many shards there are: give --shard env/N, or set $PALETTE_SHARDS.",
    );
  }
  const [first = 0, last = 0] = [read("SLURM_ARRAY_TASK_MIN"), read("SLURM_ARRAY_TASK_MAX")];
  const count = read("SLURM_ARRAY_TASK_COUNT") ?? 0;
  const step = read("SLURM_ARRAY_TASK_STEP") ?? (last - first) / Math.max(count - 1, 1);
  const number = step > 0 ? (task - first) / step + 1 : 1;
  // Of --array=1,5,7 a task cannot tell its place.
  if (count < 1 || first + (count - 1) * step !== last || !Number.isInteger(number)) {
    throw new UsageError(
      "This Slurm array is not a plain range, as 0-7: give --shard env/N, with indices from 0.",
    );
  }
  return { number, of: count, said };
}
