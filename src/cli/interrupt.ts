/**
 * Ctrl-C and SIGTERM as an abort signal: what is being computed stops cleanly, with nothing half
 * written.
 */

/** Thrown where work was stopped by a signal; the command exits with its code. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("stopped");
    this.exitCode = exitCode;
  }
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * One Ctrl-C may arrive several times: from the terminal, and again from npx or another launcher
 * that passes it on. What comes within this time, in milliseconds, is the same one.
 */
const echo = 1000;

/** Runs `work` with a signal that aborts on Ctrl-C; a second Ctrl-C ends the program at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const listeners = Object.entries(exitCodes).map(([name, code]) => {
    const listener = () => {
      if (controller.signal.aborted) {
        if (performance.now() - first > echo) process.exit(code);
        return;
      }
      first = performance.now();
      controller.abort(new Interrupted(code));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  try {
    return await work(controller.signal);
  } finally {
    for (const remove of listeners) remove();
  }
}
