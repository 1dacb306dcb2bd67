/**
 * The events of a job. Each says a state, so of those of a kind the last one is enough: a listener
 * that is slow, or comes back, gets the last of each that it has not seen, and a job's log stays
 * small however long it takes.
 */
import type { JobEvent } from "../api/messages.ts";

export interface LoggedEvent {
  readonly id: number;
  readonly event: JobEvent["event"];
  /** JSON */
  readonly data: string;
}

export class EventLog {
  private readonly last = new Map<string, LoggedEvent>();
  private readonly waiting = new Set<() => void>();
  private count = 0;

  /** @param kind what the event replaces the last one of */
  publish({ event, data }: JobEvent, kind: string = event): void {
    this.count += 1;
    this.last.set(kind, { id: this.count, event, data: JSON.stringify(data) });
    for (const wake of [...this.waiting]) wake();
  }

  /** Forgets what is no longer true. */
  forget(...events: JobEvent["event"][]): void {
    for (const [kind, { event }] of this.last) if (events.includes(event)) this.last.delete(kind);
  }

  /** What is known behind the event of this number, in order. */
  after(id: number): LoggedEvent[] {
    return [...this.last.values()].filter((event) => event.id > id).sort((a, b) => a.id - b.id);
  }

  /**
   * Waits for the next event.
   * @param most milliseconds
   * @returns false when none came in that time, or `signal` was aborted
   */
  next(signal: AbortSignal, most: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (came: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        signal.removeEventListener("abort", left);
        resolve(came);
      };
      const wake = () => end(true);
      const left = () => end(false);
      const timer = setTimeout(left, most);
      this.waiting.add(wake);
      signal.addEventListener("abort", left);
      if (signal.aborted) left();
    });
  }
}
