/** Drawing without a pointer: arrows move a cross, Enter puts the tool down and lifts it. */
import { type Drawing, startDrawing } from "../mask/tools.ts";
import type { Studio } from "../state/studio.ts";
import { toScreen } from "./viewport.ts";

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** CSS pixels that an arrow moves the picture by. */
const panStep = 48;

export class KeyboardPen {
  readonly #studio: Studio;
  #drawing: Drawing | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** @returns whether the key was for the canvas */
  press(event: KeyboardEvent): boolean {
    const { editor, view } = this.#studio;
    const base = editor.base.value;
    if (base === undefined || event.ctrlKey || event.metaKey || event.altKey) return false;
    const direction = directions[event.key];
    if (direction !== undefined) {
      const [dx, dy] = direction;
      if (!editor.draws.value) view.pan(-dx * panStep, -dy * panStep);
      else this.#step(dx, dy, event.shiftKey ? 1 : 0.25);
      return true;
    }
    if (event.key === "Enter" && editor.draws.value) {
      this.#toggle();
      return true;
    }
    if (event.key === "Escape" && this.#drawing !== undefined) {
      this.#drawing.cancel();
      this.#drawing = undefined;
      return true;
    }
    return false;
  }

  #step(dx: number, dy: number, share: number): void {
    const { editor, view } = this.#studio;
    const { width, height } = editor.base.value ?? { width: 1, height: 1 };
    const from = view.cross.value ?? { x: width / 2, y: height / 2 };
    const by = Math.max(1, editor.diameter.value * share);
    const bounded = (at: number, side: number) => Math.min(side, Math.max(0, at));
    const to = { x: bounded(from.x + dx * by, width), y: bounded(from.y + dy * by, height) };
    view.cross.value = to;
    this.#studio.pointer.value = toScreen(view.viewport.value, to);
    this.#drawing?.move(to, false);
  }

  #toggle(): void {
    const { editor, view } = this.#studio;
    const mask = editor.mask.value;
    if (mask === undefined) return;
    if (this.#drawing !== undefined) {
      this.#drawing.end();
      this.#drawing = undefined;
      return;
    }
    this.#step(0, 0, 0);
    const [tool, diameter] = [editor.tool.value, editor.diameter.value];
    const at = view.cross.value;
    if (at === undefined) return;
    this.#drawing = startDrawing(mask, at, { tool, diameter, erase: false });
  }
}
