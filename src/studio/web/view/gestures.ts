/**
 * Pointers on the canvas: one finger, pen or mouse draws or moves the picture, two fingers pinch,
 * the wheel zooms to the pointer, with Alt it changes the brush.
 */
import { type Drawing, startDrawing } from "../mask/tools.ts";
import type { Studio } from "../state/studio.ts";
import { cellAt } from "./cells.ts";
import { type Point, pinch, toPicture } from "./viewport.ts";

interface Pointer {
  readonly at: Point;
  readonly touch: boolean;
}

/** A pointer that moved less than this, in CSS pixels, was a click. */
const clickSlack = 5;

export class Gestures {
  readonly #studio: Studio;
  readonly #surface: HTMLElement;
  readonly #pointers = new Map<number, Pointer>();
  readonly #listening = new AbortController();
  #drawing: Drawing | undefined;
  #panning = false;
  #moved = 0;
  /** Where the last stroke ended: Shift goes on from there. */
  #lastEnd: Point | undefined;

  constructor(studio: Studio, surface: HTMLElement) {
    this.#studio = studio;
    this.#surface = surface;
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ) =>
      surface.addEventListener(type, listener, { signal: this.#listening.signal, passive: false });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#lost(event));
    on("pointerleave", () => {
      studio.pointer.value = undefined;
    });
    on("wheel", (event) => this.#wheel(event));
    on("contextmenu", (event) => event.preventDefault());
  }

  dispose(): void {
    this.#listening.abort();
  }

  /** A place on the canvas, in the coordinates of its cell. */
  #local({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.#surface.getBoundingClientRect();
    const { cells } = this.#studio.view;
    const at = { x: clientX - left, y: clientY - top };
    const cell = cells.value[cellAt(cells.value, at.x, at.y) ?? 0];
    return { x: at.x - (cell?.left ?? 0), y: at.y - (cell?.top ?? 0) };
  }

  #down(event: PointerEvent): void {
    const { editor, view, spaceHeld } = this.#studio;
    if (editor.base.value === undefined) return;
    this.#surface.focus({ preventScroll: true });
    this.#surface.setPointerCapture(event.pointerId);
    const at = this.#local(event);
    this.#pointers.set(event.pointerId, { at, touch: event.pointerType === "touch" });
    if (this.#pointers.size === 2) {
      // The second finger: what the first began was no stroke.
      this.#drawing?.cancel();
      this.#drawing = undefined;
      return;
    }
    this.#moved = 0;
    // A pen's other end is button 5.
    const erases = event.button === 5;
    const draws = (event.button === 0 || erases) && !spaceHeld.value;
    if (!draws || !editor.draws.value) {
      this.#panning = true;
      return;
    }
    const mask = editor.mask.value;
    if (mask === undefined) return;
    event.preventDefault();
    const point = toPicture(view.viewport.value, at);
    const follows = event.shiftKey && this.#lastEnd !== undefined;
    this.#drawing = startDrawing(mask, point, {
      tool: erases ? "eraser" : editor.tool.value,
      diameter: editor.diameter.value,
      erase: event.altKey,
      ...(follows && { from: this.#lastEnd! }),
    });
    this.#lastEnd = point;
  }

  #move(event: PointerEvent): void {
    const { view, pointer: hover } = this.#studio;
    const { left, top } = this.#surface.getBoundingClientRect();
    hover.value = { x: event.clientX - left, y: event.clientY - top };
    const pointer = this.#pointers.get(event.pointerId);
    if (pointer === undefined) return;
    const at = this.#local(event);
    if (this.#pointers.size === 2) {
      this.#pinch(event.pointerId, at);
    } else if (this.#drawing !== undefined) {
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length > 0 ? passed : [event]) {
        const point = toPicture(view.viewport.value, this.#local(each));
        this.#drawing.move(point, event.shiftKey);
        this.#lastEnd = point;
      }
    } else if (this.#panning) {
      const [dx, dy] = [at.x - pointer.at.x, at.y - pointer.at.y];
      this.#moved += Math.hypot(dx, dy);
      if (this.#moved > clickSlack) view.pan(dx, dy);
    }
    this.#pointers.set(event.pointerId, { ...pointer, at });
  }

  #pinch(moved: number, at: Point): void {
    const { view } = this.#studio;
    const [a, b] = [...this.#pointers.entries()];
    if (a === undefined || b === undefined) return;
    const before = [a[1].at, b[1].at] as const;
    const after = [a[0] === moved ? at : a[1].at, b[0] === moved ? at : b[1].at] as const;
    view.set(pinch(view.viewport.value, before, after, view.world.value));
  }

  #up(event: PointerEvent): void {
    this.#drawing?.end();
    if (this.#panning && this.#moved <= clickSlack && this.#pointers.size === 1) {
      this.#click(event);
    }
    this.#forget(event.pointerId);
  }

  #lost({ pointerId }: PointerEvent): void {
    this.#drawing?.cancel();
    this.#forget(pointerId);
  }

  #forget(pointerId: number): void {
    this.#drawing = undefined;
    this.#pointers.delete(pointerId);
    if (this.#pointers.size === 0) this.#panning = false;
  }

  /** Among all answers, the one that is clicked is looked at. */
  #click(event: PointerEvent): void {
    const { editor, view } = this.#studio;
    if (editor.comparison.value !== "all" || event.button !== 0) return;
    const { left, top } = this.#surface.getBoundingClientRect();
    const picked = cellAt(view.cells.value, event.clientX - left, event.clientY - top);
    if (picked !== undefined) this.#studio.show(picked);
  }

  #wheel(event: WheelEvent): void {
    const { editor, view } = this.#studio;
    if (editor.base.value === undefined) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = (event.deltaY || event.deltaX) * lines;
    if (event.altKey) {
      this.#studio.resizeBrush(Math.exp(-delta / 400));
    } else if (event.shiftKey) {
      view.pan(-delta, 0);
    } else {
      // A pinch on a trackpad comes as a wheel with Ctrl, in smaller steps.
      view.zoom(Math.exp(-delta / (event.ctrlKey ? 100 : 500)), this.#local(event));
    }
  }
}
