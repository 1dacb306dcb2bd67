/** The two channels: results on stdout, everything else on stderr. */

/** A line of the command's result. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line for the person who watches; above the bar, where there is one. */
export function log(line: string): void {
  writeLine(line);
}

const toTheEnd = (line: string): void => void process.stderr.write(`${line}\n`);
let writeLine = toTheEnd;

/** Has lines written by whoever keeps something at the end of the terminal, until what is returned is called. */
export function writeLinesWith(write: (line: string) => void): () => void {
  writeLine = write;
  return () => {
    if (writeLine === write) writeLine = toTheEnd;
  };
}
