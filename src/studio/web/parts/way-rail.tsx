/** The ways to work; those that no model knows are left out. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { taskOf, ways } from "../state/ways.ts";
import { Icon } from "./icons.tsx";

export function WayRail() {
  const studio = useStudio();
  const t = text.value.ways;
  const learned = (way: (typeof ways)[number]) =>
    studio.models.value.length === 0 ||
    studio.models.value.some(({ tasks }) => tasks.includes(taskOf(way, "uncrop")));
  return (
    <nav class="rail" aria-label={t.label}>
      {ways.map((way, k) =>
        learned(way) ? (
          <button
            key={way}
            type="button"
            title={`${t[way].name} (${k + 1})`}
            aria-current={studio.editor.way.value === way ? "true" : undefined}
            onClick={() => studio.choose(way)}
          >
            <Icon name={way} />
            <span>{t[way].name}</span>
          </button>
        ) : null,
      )}
    </nav>
  );
}
