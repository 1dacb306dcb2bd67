/** The tools of the mask. */
import { useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { fillAll, invert, type MaskBitmap } from "../mask/bitmap.ts";
import { grow, shrink } from "../mask/morphology.ts";
import { maskTools } from "../mask/tools.ts";
import { Button, Range, Segments, Switch } from "../parts/controls.tsx";
import { PictureInput } from "../parts/picture-input.tsx";
import { edgeStep } from "../state/keys.ts";

export function FillPanel() {
  const studio = useStudio();
  const picker = useRef<HTMLInputElement>(null);
  const t = text.value.fill;
  const { editor } = studio;
  const mask = editor.mask.value;
  const share = mask?.share.value ?? 0;
  const { width = 1, height = 1 } = editor.base.value ?? {};
  const edit = (draw: (bitmap: MaskBitmap) => ReturnType<typeof invert>) => {
    studio.show("before");
    mask?.edit(draw);
  };
  return (
    <>
      <section class="group" aria-label={t.tool}>
        <Segments
          label={t.tool}
          value={editor.tool.value}
          choices={maskTools.map((tool) => ({
            value: tool,
            label: t.tools[tool],
            icon: tool,
            keys: tool[0]!.toUpperCase(),
          }))}
          onChange={(tool) => {
            editor.tool.value = tool;
            studio.show("before");
          }}
        />
        <Range
          label={t.size}
          help={t.sizeHelp}
          value={editor.diameter.value}
          min={1}
          max={Math.max(8, Math.round(Math.max(width, height) / 2))}
          unit="px"
          onChange={(value) => {
            editor.diameter.value = value;
          }}
        />
      </section>
      <section class="group" aria-label={t.mask}>
        <div class="field-head">
          <h3>{t.mask}</h3>
          <span class="unit" aria-live="polite">
            {share > 0 ? t.share(share * 100) : ""}
          </span>
        </div>
        <div class="buttons">
          <Button label={t.invert} keys="I" onClick={() => edit(invert)} />
          <Button label={t.grow} keys=">" onClick={() => edit((m) => grow(m, edgeStep(studio)))} />
          <Button
            label={t.shrink}
            keys="<"
            onClick={() => edit((m) => shrink(m, edgeStep(studio)))}
          />
          <Button label={t.clear} keys="Del" onClick={() => edit((m) => fillAll(m, 0))} />
          <Button label={t.load} onClick={() => picker.current?.click()} />
          <Button
            label={t.save}
            disabled={share === 0}
            onClick={() => void studio.exports.saveMask()}
          />
        </div>
        <PictureInput
          picker={picker}
          label={t.load}
          multiple={false}
          onFiles={([file]) => {
            if (file !== undefined) void studio.loadMask(file);
          }}
        />
        <Switch
          label={t.keep}
          help={t.keepHelp}
          checked={editor.keepMask.value}
          onChange={(checked) => {
            editor.keepMask.value = checked;
          }}
        />
      </section>
    </>
  );
}
