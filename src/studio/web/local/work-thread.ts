/** The page's end of the worker that restores: one order after the other, each can be cancelled. */
import { RestoreError } from "../restorer.ts";
import type { Order, OrderMessage, OrderProgress, OrderReply, Results } from "./messages.ts";
import { inCharge } from "./offline.ts";

/** Milliseconds that a cancelled order has to stop by itself; then the worker is ended. */
const patience = 10_000;

interface Current {
  readonly id: number;
  readonly onProgress: (progress: OrderProgress) => void;
  resolve(result: Results[keyof Results]): void;
  reject(error: unknown): void;
}

type ResultOf<O extends Order> = Results[keyof O & keyof Results];

export interface OrderListeners {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: OrderProgress) => void;
  /** Told, while others are carried out, how many come before it. */
  readonly onPlace?: (place: number) => void;
  /** Starts a new worker for it, which has a new policy. */
  readonly fresh?: boolean;
}

export class WorkThread {
  #worker: Worker | undefined;
  #current: Current | undefined;
  #orders = 0;
  #waiting: (() => void)[] = [];
  #busy = false;

  /**
   * Carries an order out when its turn comes.
   * @throws RestoreError for what cannot be done, the signal's reason when aborted.
   */
  async ask<O extends Order>(order: O, listeners: OrderListeners = {}): Promise<ResultOf<O>> {
    const { signal } = listeners;
    await this.#turn(listeners);
    try {
      signal?.throwIfAborted();
      return (await this.#carryOut(order, listeners)) as ResultOf<O>;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      this.#busy = false;
      this.#waiting.shift()?.();
    }
  }

  async #turn({ signal, onPlace }: OrderListeners): Promise<void> {
    while (this.#busy) {
      onPlace?.(this.#waiting.length + 1);
      await new Promise<void>((next, giveUp) => {
        this.#waiting.push(next);
        const leave = () => {
          this.#waiting = this.#waiting.filter((other) => other !== next);
          giveUp(signal?.reason);
        };
        signal?.addEventListener("abort", leave, { once: true });
      });
    }
    this.#busy = true;
  }

  async #carryOut(
    order: Order,
    { signal, fresh, onProgress = () => {} }: OrderListeners,
  ): Promise<Results[keyof Results]> {
    if (fresh) this.#drop();
    const worker = await this.#started();
    signal?.throwIfAborted();
    const id = ++this.#orders;
    let impatience: ReturnType<typeof setTimeout> | undefined;
    const cancel = () => {
      tell(worker, { cancel: id });
      impatience = setTimeout(() => this.#end(new RestoreError("It was cancelled.")), patience);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#current = { id, onProgress, resolve, reject };
        tell(worker, { id, order });
      });
    } finally {
      clearTimeout(impatience);
      signal?.removeEventListener("abort", cancel);
      this.#current = undefined;
    }
  }

  async #started(): Promise<Worker> {
    if (this.#worker !== undefined) return this.#worker;
    // The service worker gives the worker its policy.
    await inCharge();
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<OrderReply>) => this.#heard(data));
    worker.addEventListener("error", ({ message }) => {
      const reason = message ? ` (${message})` : "";
      this.#end(new RestoreError(`The work broke off${reason}; take a smaller photo.`));
    });
    this.#worker = worker;
    return worker;
  }

  /** The next order starts another worker. */
  #drop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #end(error: RestoreError): void {
    this.#drop();
    this.#current?.reject(error);
  }

  #heard(reply: OrderReply): void {
    const current = this.#current;
    if (reply.id !== current?.id) return;
    if ("progress" in reply) current.onProgress(reply.progress);
    else if ("result" in reply) current.resolve(reply.result);
    else {
      const line = `${reply.failure}.`;
      current.reject(reply.expected ? new RestoreError(line) : new Error(line));
    }
  }
}

function tell(worker: Worker, message: OrderMessage): void {
  worker.postMessage(message);
}
