/** Where the pictures lie on the screen, and what follows from it. */
import { computed, effect, signal } from "@preact/signals";
import type { Box } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";
import { union, wholeBox } from "../mask/bitmap.ts";
import type { Editor } from "../state/editor.ts";
import { cellsOf } from "./cells.ts";
import { actualSize, fitBox, type Point, pan, type Viewport, zoomAt } from "./viewport.ts";

export class ViewState {
  /** Of the whole canvas, CSS pixels. */
  readonly size = signal<Size>({ width: 1, height: 1 });
  readonly viewport = signal<Viewport>({ scale: 1, left: 0, top: 0 });
  /** Whether the view follows the picture's size; until the user moves it. */
  readonly fitted = signal(true);
  /** Where the keys' pointer is, in the base's pixels. */
  readonly cross = signal<Point | undefined>(undefined);
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
    effect(() => {
      if (!this.fitted.value) return;
      const cell = this.cells.value[0];
      if (cell !== undefined) this.viewport.value = fitBox(this.world.value, cell);
    });
    // Another photo is shown whole.
    effect(() => {
      void editor.base.value;
      this.fitted.value = true;
    });
  }

  /** What is to be seen, in the base's pixels. */
  readonly world = computed<Box>(() => {
    const { base, review, frame, showsAnswer } = this.#editor;
    const whole = wholeBox(base.value ?? { width: 1, height: 1 });
    const other = showsAnswer.value ? review.value?.frame : frame.value;
    return other === undefined ? whole : union(whole, other);
  });

  readonly cellCount = computed(() => {
    const { comparison, review, showsAnswer } = this.#editor;
    if (comparison.value === "all") return Math.max(1, review.value?.answers.length ?? 1);
    return comparison.value === "beside" && showsAnswer.value ? 2 : 1;
  });

  readonly cells = computed(() => cellsOf(this.cellCount.value, this.size.value, this.world.value));

  /** Sets the viewport by hand. */
  set(viewport: Viewport): void {
    this.fitted.value = false;
    this.viewport.value = viewport;
  }

  fit(): void {
    this.fitted.value = true;
  }

  actual(): void {
    const shown = this.#editor.shown.value;
    const [cell] = this.cells.value;
    if (shown === undefined || cell === undefined) return;
    this.set(actualSize(this.viewport.value, cell, shown, devicePixelRatio));
  }

  zoom(factor: number, at?: Point): void {
    const [cell] = this.cells.value;
    if (cell === undefined) return;
    const centre = { x: cell.width / 2, y: cell.height / 2 };
    this.set(zoomAt(this.viewport.value, at ?? centre, factor, this.world.value));
  }

  pan(dx: number, dy: number): void {
    this.set(pan(this.viewport.value, dx, dy));
  }
}
