/** The two channels: results on stdout, everything else on stderr. */

/** A line of the command's result. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line for the person who watches. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
