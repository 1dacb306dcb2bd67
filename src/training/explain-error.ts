/** What a person is told when the machine, not the training, has failed. */
import { PaletteError, ReadError, reasonOf } from "../util/errors.ts";

/** The same error, or one that says how the training goes on. */
export function explainError(thrown: unknown): unknown {
  return diskFull(thrown) ?? unreadable(thrown) ?? thrown;
}

/** What is to be said, and done, when a file could not be written for want of space. */
function diskFull(thrown: unknown): PaletteError | undefined {
  if (!(thrown instanceof PaletteError)) return undefined;
  const { code } = (thrown.cause ?? {}) as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return undefined;
  return new PaletteError(
    `The disk is full (${reasonOf(thrown)}): make room, and the same command continues from the last checkpoint.`,
    { cause: thrown },
  );
}

/** A photo that was there when the training was planned: without it, other weights would be trained. */
function unreadable(thrown: unknown): PaletteError | undefined {
  if (!(thrown instanceof ReadError)) return undefined;
  return new PaletteError(
    `A photo of this training can no longer be read (${reasonOf(thrown)}): put it back or repair the access, and the same command continues; to train without it, start anew with another --out.`,
    { cause: thrown },
  );
}
