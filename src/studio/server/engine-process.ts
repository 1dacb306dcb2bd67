/** Carries out jobs in a process of its own, which is started when it is needed. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { spawnProcess } from "../../runtime/node/spawn.ts";
import { PaletteError, ReadError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import type { EngineMessage, EngineRequest } from "./engine-messages.ts";
import type { Executor, RestoredWork, RestoreWork, WorkListeners } from "./executor.ts";

/** Milliseconds that a cancelled work has to stop by itself; then its process is ended. */
const patience = 10_000;
/** Of its process, behind the server's. */
const niceness = 5;

interface Current {
  readonly id: number;
  readonly listeners: WorkListeners;
  resolve(restored: RestoredWork): void;
  reject(error: unknown): void;
}

export class EngineProcess implements Executor {
  private readonly threads?: number;
  private child?: ChildProcess;
  private current?: Current;
  private works = 0;

  /** @param threads of its network; default: as many as there are cores */
  constructor({ threads }: { readonly threads?: number } = {}) {
    if (threads !== undefined) this.threads = threads;
  }

  async run(work: RestoreWork, listeners: WorkListeners): Promise<RestoredWork> {
    const { signal } = listeners;
    signal.throwIfAborted();
    const child = this.started();
    const id = ++this.works;
    let impatience: NodeJS.Timeout | undefined;
    const cancel = () => {
      this.tell(child, { cancel: id });
      impatience = setTimeout(() => child.kill("SIGKILL"), patience);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<RestoredWork>((resolve, reject) => {
        this.current = { id, listeners, resolve, reject };
        this.tell(child, { id, work, ...omitUndefined({ threads: this.threads }) });
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(impatience);
      signal.removeEventListener("abort", cancel);
      this.current = undefined;
    }
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  private started(): ChildProcess {
    if (this.child !== undefined) return this.child;
    const child = spawnProcess(new URL("./engine-worker.ts", import.meta.url), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    // Requests are answered while it computes. A machine that does not allow it computes all the
    // same.
    try {
      if (child.pid !== undefined) setPriority(child.pid, niceness);
    } catch {}
    child.on("message", (message: EngineMessage) => this.heard(message));
    const gone = (reason: string) => {
      if (this.child === child) this.child = undefined;
      this.current?.reject(
        new ReadError(`The engine stopped (${reason}); try again, or take a smaller photo.`),
      );
    };
    child.on("error", (error) => gone(error.message));
    child.on("exit", (code, signal) => gone(signal ?? `code ${code}`));
    this.child = child;
    return child;
  }

  private tell(child: ChildProcess, request: EngineRequest): void {
    // That the process is gone is said by its "exit".
    child.send(request, () => {});
  }

  private heard(message: EngineMessage): void {
    const { current } = this;
    if (current === undefined || message.id !== current.id) return;
    if ("restored" in message) current.resolve(message.restored);
    else if ("failure" in message) current.reject(errorOf(message));
    else if ("preview" in message) current.listeners.onPreview(message.preview, message.jpeg);
    else {
      const { step, steps, secondsLeft } = message;
      current.listeners.onStep({ step, steps, ...omitUndefined({ secondsLeft }) });
    }
  }
}

function errorOf({ failure, kind }: Extract<EngineMessage, { failure: string }>): Error {
  if (kind === "request") return new PaletteError(`${failure}.`);
  return kind === "machine" ? new ReadError(`${failure}.`) : new Error(failure);
}
