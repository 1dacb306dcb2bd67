/** The two channels: results on stdout, everything else on stderr. */
import { PaletteError, reasonOf } from "../util/errors.ts";

/** A line of the command's result. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Bytes of the command's result, for another program.
 * @throws PaletteError when that program does not read them.
 */
export async function sayBytes(bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // The stream tells of an error twice: to the callback and as an event.
    process.stdout.once("error", reject);
    process.stdout.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  }).catch((thrown) => {
    throw new PaletteError(`Standard output takes no more (${reasonOf(thrown)}).`, {
      cause: thrown,
    });
  });
}

/** A line for the person who watches; above the bar, where there is one. */
export function log(line: string): void {
  writeLine(line);
}

const toTheEnd = (line: string): void => void process.stderr.write(`${line}\n`);
let writeLine = toTheEnd;

/**
 * Has lines written by whoever keeps something at the end of the terminal, until what is returned
 * is called.
 */
export function writeLinesWith(write: (line: string) => void): () => void {
  writeLine = write;
  return () => {
    if (writeLine === write) writeLine = toTheEnd;
  };
}
