/**
 * What several processes need of each other to train together. Each is a rank, from 0 to size - 1.
 * Every rank calls the same operations in the same order. The platform binds this to MPI
 * (`node/mpi`); the core knows no more of it than this.
 */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  /** Replaces the bytes by those of rank `root`, 0 unless given. All ranks give equally many. */
  broadcast(bytes: Uint8Array, root?: number): Promise<void>;
  /** The numbers of all ranks, in the order of the ranks. All give equally many. */
  allgather(numbers: Float64Array): Promise<Float64Array>;
  /**
   * Adds up a vector over the ranks. Rank r finds part r of the sum, of `counts[r]` numbers, in its
   * place of the vector; what the rest of the vector holds is undefined afterwards.
   */
  reduceScatter(vector: Float32Array, counts: readonly number[]): Promise<void>;
  /** Fills in the vector: part r, of `counts[r]` numbers, is that of rank r. */
  allgatherParts(vector: Float32Array, counts: readonly number[]): Promise<void>;
}

/** A text of each rank, in the order of the ranks. */
export async function exchangeTexts(communicator: Communicator, text: string): Promise<string[]> {
  const own = new TextEncoder().encode(text);
  const lengths = await communicator.allgather(Float64Array.of(own.length));
  const texts: string[] = [];
  for (let root = 0; root < communicator.size; root++) {
    const bytes = root === communicator.rank ? own : new Uint8Array(lengths[root]!);
    if (bytes.length > 0) await communicator.broadcast(bytes, root);
    texts.push(new TextDecoder().decode(bytes));
  }
  return texts;
}
