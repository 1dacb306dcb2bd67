/** Ctrl-C and SIGTERM as an abort signal: what is being computed stops cleanly, with nothing half written. */

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

/** Runs `work` with a signal that aborts on Ctrl-C; a second Ctrl-C ends the program at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listeners = Object.entries(exitCodes).map(([name, code]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(code);
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
