/** A subject's own data: to be saved, and to be deleted. */
import { text } from "./i18n/index.ts";
import type { TakingPart } from "./taking-part.ts";

export function OwnData({ part }: { part: TakingPart }) {
  const t = text.value.own;
  return (
    <details class="own">
      <summary>{t.title}</summary>
      <div class="buttons">
        <button type="button" class="button" onClick={() => void save(part)}>
          {t.save}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            if (confirm(t.sure)) void part.delete();
          }}
        >
          {t.delete}
        </button>
      </div>
    </details>
  );
}

async function save({ client }: TakingPart): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await client.kept());
  link.download = "study-data.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
