/** The frame around a photo that is to grow, with a handle at each side and corner. */
import { useStudio } from "../context.ts";
import {
  type Corner,
  corners,
  type Handle,
  handles,
  largestMargin,
  withMargin,
} from "../extend/frame.ts";
import { text } from "../i18n/index.ts";
import { type Point, toPicture, toScreen } from "./viewport.ts";

export function FrameHandles() {
  const studio = useStudio();
  const { editor, view } = studio;
  const { frameEdits } = editor;
  const [base, frame] = [editor.base.value, editor.frame.value];
  const active = editor.way.value === "extend" && !editor.showsAnswer.value;
  if (!active || base === undefined || frame === undefined) return null;
  const viewport = view.viewport.value;
  const at = toScreen(viewport, { x: frame.left, y: frame.top });
  const [width, height] = [frame.width * viewport.scale, frame.height * viewport.scale];
  const style = { left: `${at.x}px`, top: `${at.y}px`, width: `${width}px`, height: `${height}px` };
  const size = `${frame.width} × ${frame.height}`;
  if (editor.extendKind.value === "panorama") {
    return (
      <div class="frame" style={style}>
        <span class="frame-size">{size}</span>
      </div>
    );
  }

  const move = (sides: readonly Handle[], to: Point) => {
    let margins = frameEdits.margins.value;
    for (const side of sides) margins = withMargin(base, margins, side, marginAt(side, to));
    frameEdits.drag(margins);
  };
  const marginAt = (side: Handle, { x, y }: Point) =>
    ({ left: -x, right: x - base.width, top: -y, bottom: y - base.height })[side];
  const drag = (sides: readonly Handle[]) => (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const stage = handle.closest(".stage")!.getBoundingClientRect();
    const point = { x: event.clientX - stage.left, y: event.clientY - stage.top };
    move(sides, toPicture(view.viewport.value, point));
  };
  const grab = (event: PointerEvent) => {
    // The view stands still while the frame is dragged.
    view.fitted.value = false;
    frameEdits.begin();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };
  const release = () => {
    frameEdits.end();
    view.fit();
  };

  return (
    <div class="frame" style={style}>
      <span class="frame-size">{size}</span>
      {corners.map((corner) => (
        <div
          key={corner}
          class={`handle ${corner}`}
          aria-hidden="true"
          onPointerDown={grab}
          onPointerMove={drag(sidesOf(corner))}
          onPointerUp={release}
          onPointerCancel={release}
        />
      ))}
      {handles.map((side) => (
        <div
          key={side}
          class={`handle ${side}`}
          role="slider"
          tabIndex={0}
          aria-label={text.value.extend.handle[side]}
          aria-orientation={side === "left" || side === "right" ? "horizontal" : "vertical"}
          aria-valuemin={0}
          aria-valuemax={largestMargin(base, side)}
          aria-valuenow={frameEdits.margins.value[side]}
          onPointerDown={grab}
          onPointerMove={drag([side])}
          onPointerUp={release}
          onPointerCancel={release}
          onKeyDown={(event) => {
            const by = outwards(side, event.key) * (event.shiftKey ? 1 : 16);
            if (by === 0) return;
            event.preventDefault();
            const margins = frameEdits.margins.value;
            frameEdits.set(withMargin(base, margins, side, margins[side] + by));
          }}
        />
      ))}
    </div>
  );
}

function sidesOf(corner: Corner): Handle[] {
  return corner.split("-") as Handle[];
}

/** 1 for the arrow that points away from the photo, -1 for its opposite. */
function outwards(side: Handle, key: string): number {
  const away = { left: "ArrowLeft", right: "ArrowRight", top: "ArrowUp", bottom: "ArrowDown" };
  const back = { left: "ArrowRight", right: "ArrowLeft", top: "ArrowDown", bottom: "ArrowUp" };
  if (key === away[side]) return 1;
  return key === back[side] ? -1 : 0;
}
