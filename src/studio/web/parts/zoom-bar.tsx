import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { IconButton } from "./controls.tsx";

export function ZoomBar() {
  const { view, editor } = useStudio();
  const t = text.value.view;
  const [shown, world] = [editor.shown.value, editor.showsAnswer.value && editor.review.value];
  // Of an enlarged answer's own pixels.
  const ratio = shown && world ? world.frame.width / shown.width : 1;
  const percent = Math.round(view.viewport.value.scale * ratio * devicePixelRatio * 100);
  return (
    <div class="floating zoom-bar">
      <IconButton label={t.zoomOut} icon="minus" keys="-" onClick={() => view.zoom(0.8)} />
      <button
        type="button"
        class="percent"
        title={`${t.actual} (A)`}
        aria-label={`${t.actual}, ${percent} %`}
        onClick={() => view.actual()}
      >
        {percent} %
      </button>
      <IconButton label={t.zoomIn} icon="plus" keys="+" onClick={() => view.zoom(1.25)} />
      <IconButton
        label={t.fit}
        icon="fit"
        keys="F"
        pressed={view.fitted.value}
        onClick={() => view.fit()}
      />
    </div>
  );
}
