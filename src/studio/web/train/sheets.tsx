/** Samples of the held-out photos before and after, one over the other. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { text } from "../i18n/index.ts";
import type { ShownSheet } from "./trainer.ts";

export function Sheets({
  before,
  after,
}: {
  readonly before: ShownSheet | undefined;
  readonly after: ShownSheet | undefined;
}) {
  const share = useSignal(100);
  const id = useId();
  const t = text.value.teaching;
  const shown = after ?? before;
  if (shown === undefined) return null;
  const both = before !== undefined && after !== undefined;
  return (
    <section class="sheets" aria-label={t.sheets}>
      <h3>{t.sheets}</h3>
      <p class="help">{t.sheetsHelp}</p>
      <div class="sheet-frame">
        <img src={shown.address} alt={t.sheetOf(shown.images)} />
        {both && (
          <img
            class="sheet-before"
            src={before.address}
            alt={t.sheetOf(0)}
            style={{ clipPath: `inset(0 0 0 ${share.value}%)` }}
          />
        )}
      </div>
      {both && (
        <div class="sheet-slider">
          <label for={id}>{t.compare}</label>
          <span>{t.before}</span>
          <input
            id={id}
            type="range"
            min={0}
            max={100}
            value={share.value}
            onInput={(event) => {
              share.value = event.currentTarget.valueAsNumber;
            }}
          />
          <span>{t.after}</span>
        </div>
      )}
    </section>
  );
}
