/** How the photo grows: a shape, sides, or a panorama; the frame itself is dragged. */
import { useStudio } from "../context.ts";
import { handles, marginsForRatio, marginsForSide, noMargins } from "../extend/frame.ts";
import { text } from "../i18n/index.ts";
import { Button, Group, Range, Segments } from "../parts/controls.tsx";
import type { Margins } from "../restorer.ts";
import { extendKinds } from "../state/ways.ts";

const ratios = [
  ["1:1", 1],
  ["4:3", 4 / 3],
  ["3:2", 3 / 2],
  ["16:9", 16 / 9],
  ["2:1", 2],
  ["9:16", 9 / 16],
] as const;

/** A side grows by this share of the photo. */
const share = 0.5;
const widest = 6;

export function ExtendPanel() {
  const studio = useStudio();
  const { editor, view, model } = studio;
  const t = text.value.extend;
  const base = editor.base.value;
  const set = (margins: Margins) => {
    studio.show("before");
    editor.frameEdits.set(margins);
    view.fit();
  };
  const kinds = extendKinds.filter((kind) => model.value?.tasks.includes(kind) ?? true);
  return (
    <>
      {kinds.length > 1 && (
        <section class="group" aria-label={t.kind}>
          <Segments
            label={t.kind}
            value={editor.extendKind.value}
            choices={kinds.map((kind) => ({ value: kind, label: t[kind] }))}
            onChange={(kind) => {
              studio.show("before");
              editor.extendKind.value = kind;
              view.fit();
            }}
          />
        </section>
      )}
      {editor.extendKind.value === "panorama" ? (
        <section class="group" aria-label={t.panorama}>
          <Range
            label={t.width}
            help={t.widthHelp}
            value={editor.widen.value}
            min={1.25}
            max={widest}
            step={0.25}
            unit="×"
            onChange={(value) => {
              editor.widen.value = value;
              view.fit();
            }}
          />
        </section>
      ) : (
        base !== undefined && (
          <>
            <Group title={t.shape}>
              <div class="buttons thirds">
                {ratios.map(([name, ratio]) => (
                  <Button
                    key={name}
                    label={name}
                    onClick={() => set(marginsForRatio(base, ratio))}
                  />
                ))}
              </div>
            </Group>
            <Group title={t.sides}>
              <div class="buttons thirds">
                {(["all", ...handles] as const).map((side) => (
                  <Button
                    key={side}
                    label={t.side[side]}
                    onClick={() => set(marginsForSide(base, side, share))}
                  />
                ))}
                <Button kind="quiet" label={t.reset} onClick={() => set(noMargins)} />
              </div>
            </Group>
          </>
        )
      )}
    </>
  );
}
