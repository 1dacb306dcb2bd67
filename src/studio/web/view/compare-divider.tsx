/** The line between before and after: dragged, or moved by the arrows. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";

export function CompareDivider() {
  const { editor, view } = useStudio();
  if (editor.comparison.value !== "slider" || !editor.showsAnswer.value) return null;
  const { divider, holding } = editor;
  if (holding.value) return null;
  const set = (value: number) => {
    divider.value = Math.min(1, Math.max(0, value));
  };
  const drag = (event: PointerEvent) => {
    const line = event.currentTarget as HTMLElement;
    if (!line.hasPointerCapture(event.pointerId)) return;
    const stage = line.parentElement!.getBoundingClientRect();
    set((event.clientX - stage.left) / stage.width);
  };
  return (
    <div
      class="divider"
      role="slider"
      tabIndex={0}
      aria-label={text.value.compare.divider}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(divider.value * 100)}
      style={{ left: `${divider.value * view.size.value.width}px` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        set(divider.value + by);
      }}
    >
      <span class="divider-label before">{text.value.answers.before}</span>
      <span class="divider-knob" aria-hidden="true" />
      <span class="divider-label after">{text.value.answers.after}</span>
    </div>
  );
}
