/** How much larger. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Range } from "../parts/controls.tsx";

export function UpscalePanel() {
  const { editor } = useStudio();
  const t = text.value.upscale;
  const base = editor.base.value;
  const scale = editor.scale.value;
  const size =
    base === undefined
      ? ""
      : `${Math.round(base.width * scale)} × ${Math.round(base.height * scale)}`;
  return (
    <section class="group" aria-label={t.scale}>
      <Range
        label={t.scale}
        help={t.scaleHelp(size)}
        value={scale}
        min={2}
        max={8}
        step={0.5}
        unit="×"
        onChange={(value) => {
          editor.scale.value = value;
        }}
      />
    </section>
  );
}
