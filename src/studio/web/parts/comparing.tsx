/** How before and after are compared. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { comparisons } from "../state/editor.ts";
import { Segments } from "./controls.tsx";
import { Icon } from "./icons.tsx";

const comparisonIcons = { off: "single", slider: "slider", beside: "beside", all: "all" } as const;
const comparisonKeys = { off: "", slider: "S", beside: "D", all: "G" } as const;

export function Comparing() {
  const studio = useStudio();
  const { editor } = studio;
  const t = text.value.compare;
  if (editor.review.value === undefined) return null;
  const hold = (held: boolean) => () => {
    editor.holding.value = held;
  };
  return (
    <div class="floating comparing">
      <Segments
        label={t.title}
        value={editor.comparison.value}
        choices={comparisons.map((value) => ({
          value,
          label: t[value],
          icon: comparisonIcons[value],
          keys: comparisonKeys[value],
        }))}
        onChange={(value) => studio.compare(value)}
      />
      <button
        type="button"
        class="icon-button"
        aria-label={t.hold}
        title={`${t.hold} (C)`}
        onPointerDown={hold(true)}
        onPointerUp={hold(false)}
        onPointerLeave={hold(false)}
        onKeyDown={(event) => {
          if (event.key === " " || event.key === "Enter") editor.holding.value = true;
        }}
        onKeyUp={hold(false)}
        onBlur={hold(false)}
      >
        <Icon name="eye" />
      </button>
    </div>
  );
}
