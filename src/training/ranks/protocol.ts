/**
 * What rank 0 tells the others. It runs the training loop and keeps the run; the others wait for
 * its commands and have no will of their own. A command is a few numbers, broadcast.
 */
import { type Decays, type TrainingState, vectorNamed, vectorNames } from "../step/optimizer.ts";
import { type Communicator, exchangeTexts } from "./communicator.ts";

export type Command =
  /** Rank 0 is alive and busy. */
  | { readonly is: "beat" }
  /** Compile the network; the next update begins with image `first`. */
  | { readonly is: "prepare"; readonly first: number }
  /** Begin update number `step` + 1, with its first batch. */
  | (Decays & {
      readonly is: "update";
      readonly step: number;
      readonly learningRate: number;
      readonly clip: number;
    })
  /** Go on with the next batch of the update. */
  | { readonly is: "batch" }
  /** All batches are done: compare notes, add up the gradients, update. */
  | { readonly is: "sum" }
  /** Forget the update that was begun. */
  | { readonly is: "give up" }
  /** Send your parts of a vector. */
  | { readonly is: "gather"; readonly vector: number }
  /** Take over `length` numbers of a vector from `at` on, which are broadcast next. */
  | { readonly is: "write"; readonly vector: number; readonly at: number; readonly length: number }
  /** The training is over, well or not. */
  | { readonly is: "end"; readonly failed: number };

/** The names of each command's numbers, in their order. */
const fields: { readonly [is in Command["is"]]: readonly string[] } = {
  beat: [],
  prepare: ["first"],
  update: ["step", "learningRate", "emaDecay", "shortDecay", "longDecay", "clip"],
  batch: [],
  sum: [],
  "give up": [],
  gather: ["vector"],
  write: ["vector", "at", "length"],
  end: ["failed"],
};
const kinds = Object.keys(fields) as Command["is"][];
const longest = 1 + Math.max(...Object.values(fields).map((names) => names.length));

export async function sendCommand(communicator: Communicator, command: Command): Promise<void> {
  const numbers = new Float64Array(longest);
  const values = command as unknown as Readonly<Record<string, number | undefined>>;
  numbers.set([kinds.indexOf(command.is), ...fields[command.is].map((name) => values[name] ?? 0)]);
  await communicator.broadcast(bytesOf(numbers));
}

/** The next command, beats apart. */
export async function nextCommand(communicator: Communicator): Promise<Command> {
  const numbers = new Float64Array(longest);
  for (;;) {
    await communicator.broadcast(bytesOf(numbers));
    const is = kinds[numbers[0]!]!;
    if (is === "beat") continue;
    const values = fields[is].map((name, k) => [name, numbers[k + 1]!]);
    return { is, ...Object.fromEntries(values) } as Command;
  }
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What a rank says when an update's batches are done. */
export interface Notes {
  /** Why it could not make its batches, if so, and whether a photo could not be read. */
  readonly failure?: { readonly reason: string; readonly unreadable: boolean };
  /** Whether it was told to stop. */
  readonly stop: boolean;
  /** What is worth a line in the log. */
  readonly lines: readonly string[];
}

/** The notes of all ranks, in their order. */
export async function compareNotes(communicator: Communicator, own: Notes): Promise<Notes[]> {
  const nothing = own.failure === undefined && !own.stop && own.lines.length === 0;
  const texts = await exchangeTexts(communicator, nothing ? "" : JSON.stringify(own));
  return texts.map((text) => (text === "" ? { stop: false, lines: [] } : JSON.parse(text)));
}

/**
 * Losses of a rank's images of an update, and the place of each one's task in the list of tasks.
 */
export interface Seen {
  readonly losses: ArrayLike<number>;
  readonly tasks: readonly number[];
}

/**
 * The same of all ranks, in the order of the images.
 * @param shares images of each rank in a batch
 */
export async function collectSeen(
  communicator: Communicator,
  { losses, tasks }: Seen,
  shares: readonly number[],
): Promise<{ readonly losses: Float32Array; readonly tasks: number[] }> {
  const batches = losses.length / shares[communicator.rank]!;
  const most = batches * Math.max(...shares);
  const numbers = new Float64Array(2 * most);
  numbers.set(losses);
  numbers.set(tasks, most);
  const all = await communicator.allgather(numbers);
  const found = { losses: [] as number[], tasks: [] as number[] };
  for (let batch = 0; batch < batches; batch++) {
    for (const [rank, share] of shares.entries()) {
      for (let k = batch * share; k < (batch + 1) * share; k++) {
        found.losses.push(all[2 * most * rank + k]!);
        found.tasks.push(all[2 * most * rank + most + k]!);
      }
    }
  }
  return { losses: Float32Array.from(found.losses), tasks: found.tasks };
}

/** The vector of a rank's state that a command names by its number. */
export function vectorOf(state: TrainingState, vector: number): Float32Array {
  return vectorNamed(state, vectorNames[vector]!);
}
