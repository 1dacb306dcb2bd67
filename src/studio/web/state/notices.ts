/** Short lines to the user: what went wrong, what was done. */
import { signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly kind: "note" | "error";
  readonly text: string;
}

/** Notes go by themselves; errors stay until they are closed. */
const shownFor = 7_000;

export class Notices {
  readonly list = signal<readonly Notice[]>([]);
  #next = 0;

  say(text: string): void {
    const { id } = this.#add("note", text);
    setTimeout(() => this.close(id), shownFor);
  }

  fail(error: unknown): void {
    this.#add("error", error instanceof Error ? error.message : String(error));
  }

  close(id: number): void {
    this.list.value = this.list.value.filter((notice) => notice.id !== id);
  }

  #add(kind: Notice["kind"], text: string): Notice {
    const notice = { id: this.#next++, kind, text };
    this.list.value = [...this.list.value.filter((old) => old.text !== text).slice(-2), notice];
    return notice;
  }
}
