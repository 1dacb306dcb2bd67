/** What a person is told when a training cannot go on. */
import { PaletteError, ReadError, reasonOf } from "../util/errors.ts";
import { quantity } from "../util/format.ts";

/** The same error, or one that says how the training goes on. */
export function explainError(thrown: unknown): unknown {
  return diskFull(thrown) ?? unreadable(thrown) ?? thrown;
}

/** What is to be said, and done, when a file could not be written for want of space. */
function diskFull(thrown: unknown): PaletteError | undefined {
  if (!(thrown instanceof PaletteError)) return undefined;
  const { code } = (thrown.cause ?? {}) as { readonly code?: unknown };
  if (code !== "ENOSPC" && code !== "EDQUOT") return undefined;
  return new PaletteError(
    `The disk is full (${reasonOf(thrown)}): make room, and the same command continues from the last checkpoint.`,
    { cause: thrown },
  );
}

/**
 * A photo that was there when the training was planned: without it, other weights would be trained.
 */
function unreadable(thrown: unknown): PaletteError | undefined {
  if (!(thrown instanceof ReadError)) return undefined;
  return new PaletteError(
    `A photo of this training can no longer be read (${reasonOf(thrown)}): put it back or repair the access, and the same command continues; to train without it, start anew with another --out.`,
    { cause: thrown },
  );
}

/**
 * @param images seen so far
 * @param saved images of the last checkpoint; 0: there is none
 * @param clipped whether the gradient is clipped
 */
export function notFinite(images: number, saved: number, clipped: boolean): PaletteError {
  const kept = saved === 0 ? "" : ` the checkpoint at ${quantity(saved, "image")} is kept;`;
  const remedy = clipped ? "a lower --lr" : "a lower --lr or --clip 1";
  return new PaletteError(
    `The loss is no longer a finite number after ${quantity(images, "image")}, so training has stopped:${kept} start anew with ${remedy} and another --out.`,
  );
}
