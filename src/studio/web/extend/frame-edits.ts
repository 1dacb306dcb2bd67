/** The margins of the frame, with undo and redo without end; a drag is one step of them. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Margins } from "../restorer.ts";
import { noMargins } from "./frame.ts";

export class FrameEdits {
  readonly #margins = signal<Margins>(noMargins);
  readonly #past = signal<readonly Margins[]>([]);
  readonly #future = signal<readonly Margins[]>([]);
  /** What a drag began with. */
  #dragged: Margins | undefined;

  readonly margins: ReadonlySignal<Margins> = this.#margins;
  readonly canUndo = computed(() => this.#past.value.length > 0);
  readonly canRedo = computed(() => this.#future.value.length > 0);

  /** One whole edit. */
  set(margins: Margins): void {
    this.begin();
    this.drag(margins);
    this.end();
  }

  /** A drag begins: what is dragged from now on is one step of undo. */
  begin(): void {
    this.end();
    this.#dragged = this.#margins.peek();
  }

  drag(margins: Margins): void {
    this.#margins.value = margins;
  }

  end(): void {
    const [before, after] = [this.#dragged, this.#margins.peek()];
    this.#dragged = undefined;
    if (before === undefined || isSame(before, after)) return;
    this.#past.value = [...this.#past.peek(), before];
    this.#future.value = [];
  }

  /** @returns whether there was an edit to take back */
  undo(): boolean {
    this.end();
    const before = this.#past.peek().at(-1);
    if (before === undefined) return false;
    this.#future.value = [...this.#future.peek(), this.#margins.peek()];
    this.#past.value = this.#past.peek().slice(0, -1);
    this.#margins.value = before;
    return true;
  }

  /** @returns whether an edit was taken back before */
  redo(): boolean {
    this.end();
    const after = this.#future.peek().at(-1);
    if (after === undefined) return false;
    this.#past.value = [...this.#past.peek(), this.#margins.peek()];
    this.#future.value = this.#future.peek().slice(0, -1);
    this.#margins.value = after;
    return true;
  }

  /** Another photo has another frame. */
  reset(): void {
    this.#dragged = undefined;
    this.#margins.value = noMargins;
    this.#past.value = [];
    this.#future.value = [];
  }
}

function isSame(a: Margins, b: Margins): boolean {
  return a.left === b.left && a.right === b.right && a.top === b.top && a.bottom === b.bottom;
}
