/**
 * Long computations as generators that yield after each piece. The same code runs at once, or lets
 * other work (progress, Ctrl-C) in between.
 */
import { pause } from "../../util/pause.ts";

export type Pieces<T> = Generator<void, T, void>;

export interface PieceOptions {
  readonly signal?: AbortSignal;
  /** Called after each piece. */
  readonly onPiece?: () => void;
}

/** Runs to the end. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * The same result, with a pause after each piece.
 * @throws what the work throws, and the signal's reason once it is aborted
 */
export async function inPieces<T>(
  work: Pieces<T>,
  { signal, onPiece }: PieceOptions = {},
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = work.next();
    if (done) return value;
    onPiece?.();
    await pause();
  }
}
