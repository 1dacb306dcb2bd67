/** Starts a request; while it runs, how far it is and the way to cancel it. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Button } from "../parts/controls.tsx";
import type { Job } from "../state/job.ts";
import { fetchingText } from "../state/megabytes.ts";

export function RunButton({ disabled }: { readonly disabled: boolean }) {
  const studio = useStudio();
  const { editor, requests } = studio;
  const t = text.value.run;
  const job = requests.runner.job.value;
  const way = editor.way.value;
  if (job === undefined) {
    const missing =
      editor.ready.value || editor.base.value === undefined
        ? undefined
        : way === "fill"
          ? t.needsMask
          : t.needsFrame;
    return (
      <div class="run">
        {missing !== undefined && <p class="help">{missing}</p>}
        <Button
          name="start"
          kind={editor.review.value === undefined ? "primary" : "plain"}
          icon={way}
          label={editor.review.value === undefined ? t[way] : t.again}
          keys="Ctrl+Enter"
          disabled={disabled || !editor.ready.value}
          onClick={() => void requests.run()}
        />
      </div>
    );
  }
  const { place, model, step, steps, secondsLeft } = job;
  const share = model ? shareOf(model) : steps === undefined ? undefined : step / steps;
  const state = model
    ? fetchingText(model)
    : steps === undefined
      ? t.queued(place ?? 0)
      : t.step(step, steps);
  return (
    <div class="run">
      <p class="progress-text" role="status">
        <span>{state}</span>
        {secondsLeft !== undefined && <span>{t.seconds(secondsLeft)}</span>}
      </p>
      <progress aria-label={state} value={share} max={1} />
      <Button label={t.cancel} keys="Esc" icon="close" onClick={() => requests.runner.cancel()} />
    </div>
  );
}

/**
 * undefined where it is not known how much there is, or all of it has come: it is being prepared.
 */
function shareOf({ done, total }: NonNullable<Job["model"]>): number | undefined {
  return total === undefined || done >= total ? undefined : done / total;
}
