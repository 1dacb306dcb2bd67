/** Said before it is tried: what will not fit into the memory of a page, and the size that will. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { misfitOf } from "../local/fit.ts";
import type { LocalStudio } from "../local/local-studio.ts";
import { Button } from "../parts/controls.tsx";
import { megabytes } from "../state/megabytes.ts";

export function FitWarning({ local }: { readonly local: LocalStudio }) {
  const studio = useStudio();
  const { editor, requests } = studio;
  const t = text.value.local;
  const photo = editor.base.value;
  const model = local.models.value.find(({ name }) => name === studio.model.value?.name);
  if (photo === undefined || model === undefined || !editor.ready.value) return null;
  const task = editor.task.value;
  const ask = { task, photo, options: requests.options() };
  const misfit = misfitOf(ask, model.config);
  if (misfit === undefined) return null;
  const { need, most, smaller } = misfit;
  return (
    <div class="misfit" role="status">
      <p class="warning">{t.tooLarge(megabytes(need), megabytes(most))}</p>
      {smaller === undefined ? (
        <p class="help">{t.tooLargeAnyway}</p>
      ) : (
        <Button
          icon="minus"
          label={t.smaller(`${smaller.width} × ${smaller.height}`)}
          onClick={() => void studio.goOnSmaller(smaller)}
        />
      )}
      {task === "dejpeg" && <p class="help">{t.smallerRepair}</p>}
    </div>
  );
}
