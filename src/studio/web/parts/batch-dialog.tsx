/** Many photos, one task. */
import { useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { type BatchItem, batchTasks } from "../state/batch.ts";
import { download } from "../state/saving.ts";
import { wayOf } from "../state/ways.ts";
import { Button, IconButton, Select } from "./controls.tsx";
import { DialogWindow } from "./dialog.tsx";
import { PictureInput } from "./picture-input.tsx";

export function BatchDialog() {
  const studio = useStudio();
  const { batch, settings, model } = studio;
  const picker = useRef<HTMLInputElement>(null);
  const t = text.value.batch;
  const items = batch.items.value;
  const running = batch.running.value;
  const known = batchTasks.filter((task) => model.value?.tasks.includes(task) ?? true);
  const nameOf = (task: (typeof batchTasks)[number]) =>
    task === "panorama" ? text.value.extend.panorama : text.value.ways[wayOf(task)].name;
  const start = () => {
    const { editor } = studio;
    const { samples: _, ...options } = studio.requests.commonOptions();
    const own = {
      ...(batch.task.value === "panorama" && { widen: editor.widen.value }),
      ...(batch.task.value === "upscale" && { scale: editor.scale.value }),
    };
    void batch.run({ ...options, ...own }, settings.value);
  };
  const waiting = items.some(({ state }) => state === "waiting");
  return (
    <DialogWindow title={t.title} wide>
      <p class="lead">{t.lead}</p>
      <div class="batch-head">
        <Select
          label={t.task}
          help={batch.task.value === "uncrop" ? t.growth : undefined}
          value={batch.task.value}
          choices={known.map((task) => ({ value: task, label: nameOf(task) }))}
          onChange={(value) => {
            const task = known.find((each) => each === value);
            if (task !== undefined) batch.task.value = task;
          }}
        />
        <Button icon="plus" label={t.add} onClick={() => picker.current?.click()} />
        <PictureInput picker={picker} label={t.add} onFiles={(files) => batch.add(files)} />
      </div>
      <ul class="batch-list">
        {items.map((item) => (
          <Row key={item.id} item={item} />
        ))}
      </ul>
      {items.length > 0 && (
        <>
          <p class="progress-text" role="status">
            {t.progress(batch.finished.value, items.length)}
          </p>
          <progress
            aria-label={t.progress(batch.finished.value, items.length)}
            max={items.length}
            value={items.reduce((sum, item) => sum + done(item), 0)}
          />
        </>
      )}
      <div class="dialog-actions">
        {items.length > 0 && !running && (
          <Button kind="quiet" label={t.clear} onClick={() => batch.clear()} />
        )}
        {batch.results.value.length > 0 && (
          <Button
            icon="save"
            label={t.zip}
            onClick={async () => download(await batch.zip(), `${batch.task.value}.zip`)}
          />
        )}
        {running ? (
          <Button label={t.cancel} icon="close" onClick={() => batch.cancel()} />
        ) : (
          <Button kind="primary" label={t.start} disabled={!waiting} onClick={start} />
        )}
      </div>
    </DialogWindow>
  );
}

function done({ state, progress }: BatchItem): number {
  return state === "failed" ? 1 : progress;
}

function Row({ item }: { readonly item: BatchItem }) {
  const studio = useStudio();
  const t = text.value.batch;
  const { id, file, state, progress, problem } = item;
  const percent = state === "running" && progress > 0 ? ` ${Math.round(progress * 100)} %` : "";
  return (
    <li class={state}>
      <button
        type="button"
        class="link"
        aria-label={t.open(file.name)}
        onClick={() => void studio.open(file, file.name)}
      >
        {file.name}
      </button>
      <span class="batch-state" title={problem}>
        {t.states[state]}
        {percent}
        {problem !== undefined && <small>{problem}</small>}
      </span>
      <IconButton
        label={t.remove(file.name)}
        icon="close"
        disabled={state === "running"}
        onClick={() => studio.batch.remove(id)}
      />
    </li>
  );
}
