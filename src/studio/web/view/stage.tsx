/** The canvas with the picture, and what lies over it. */
import { effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { pixelsCame } from "../state/photo.ts";
import { CompareDivider } from "./compare-divider.tsx";
import { FrameHandles } from "./frame-handles.tsx";
import { Gestures } from "./gestures.ts";
import { KeyboardPen } from "./keyboard-pen.ts";
import { paint } from "./painter.ts";
import { sceneOf } from "./scene.ts";

export function Stage() {
  const studio = useStudio();
  const box = useRef<HTMLDivElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  useLayoutEffect(() => {
    const element = surface.current;
    const outer = box.current;
    if (element === null || outer === null || canvas.current === null) return;
    const gestures = new Gestures(studio, element);
    const pen = new KeyboardPen(studio);
    const press = (event: KeyboardEvent) => {
      if (!pen.press(event)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    element.addEventListener("keydown", press);
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = outer;
      studio.view.size.value = { width: Math.max(1, width), height: Math.max(1, height) };
    };
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(outer);
    const stop = drawOnChange(studio, canvas.current);
    return () => {
      gestures.dispose();
      element.removeEventListener("keydown", press);
      sizes.disconnect();
      stop();
    };
  }, [studio]);

  const { editor } = studio;
  const kind = studio.spaceHeld.value || !editor.draws.value ? "moves" : "draws";
  return (
    <div class="stage" ref={box}>
      <div
        ref={surface}
        class={`surface ${kind}`}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys and pointers
        tabIndex={0}
        aria-label={text.value.stage.label}
        aria-describedby="stage-help"
      >
        <canvas ref={canvas} />
      </div>
      <p id="stage-help" class="hidden">
        {editor.draws.value ? text.value.stage.drawHelp : text.value.stage.moveHelp}
      </p>
      <BrushCircle />
      <FrameHandles />
      <CompareDivider />
      <CellLabels />
    </div>
  );
}

/** Draws a frame after anything that is seen has changed. */
function drawOnChange(studio: ReturnType<typeof useStudio>, canvas: HTMLCanvasElement): () => void {
  let frame = 0;
  const draw = () => {
    frame = 0;
    const { size, cells, viewport } = studio.view;
    const pixelRatio = devicePixelRatio;
    const width = Math.round(size.peek().width * pixelRatio);
    const height = Math.round(size.peek().height * pixelRatio);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const style = getComputedStyle(canvas);
    paint(canvas, {
      scene: sceneOf(studio),
      cells: cells.peek(),
      viewport: viewport.peek(),
      pixelRatio,
      colours: {
        growth: style.getPropertyValue("--growth"),
        edge: style.getPropertyValue("--edge"),
      },
    });
  };
  const stop = effect(() => {
    const { view, editor, settings } = studio;
    void [view.size.value, view.cells.value, view.viewport.value, settings.value.theme];
    void [editor.mask.value?.version.value, pixelsCame.value, sceneOf(studio)];
    frame ||= requestAnimationFrame(draw);
  });
  return () => {
    stop();
    cancelAnimationFrame(frame);
  };
}

/** How large the brush is, where the pointer is. */
function BrushCircle() {
  const { editor, view, pointer, spaceHeld } = useStudio();
  const at = pointer.value;
  const tool = editor.tool.value;
  if (at === undefined || !editor.draws.value || spaceHeld.value) return null;
  const round = tool === "brush" || tool === "eraser";
  const side = round ? Math.max(3, editor.diameter.value * view.viewport.value.scale) : 11;
  return (
    <div
      class={round ? "brush-circle" : "brush-cross"}
      style={{
        width: `${side}px`,
        height: `${side}px`,
        transform: `translate(${at.x - side / 2}px, ${at.y - side / 2}px)`,
      }}
    />
  );
}

function CellLabels() {
  const studio = useStudio();
  const cells = studio.view.cells.value;
  return (
    <>
      {sceneOf(studio).map(({ label }, k) => {
        const cell = cells[k];
        if (label === undefined || cell === undefined) return null;
        return (
          <span
            key={label}
            class="cell-label"
            style={{ left: `${cell.left + 12}px`, top: `${cell.top + cell.height - 34}px` }}
          >
            {label === "before" ? text.value.answers.before : text.value.answers.answer(label + 1)}
          </span>
        );
      })}
    </>
  );
}
