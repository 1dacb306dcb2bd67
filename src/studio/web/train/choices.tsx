/** What a training is made of: photos, tasks, what it begins with, how long. */
import { useId, useRef } from "preact/hooks";
import { tasks as allTasks } from "../../../tasks/registry.ts";
import { text } from "../i18n/index.ts";
import { Button, Segments, Select } from "../parts/controls.tsx";
import { PictureInput } from "../parts/picture-input.tsx";
import { wayOf } from "../state/ways.ts";
import { leastPhotos, mostPhotos } from "./messages.ts";
import { freshPresets, type Trainer } from "./trainer.ts";

const wayNames = { sharpen: "upscale" } as const;

/** A task as the page calls it. */
export function taskName(task: string): string {
  const known = ["colorize", "inpaint", "uncrop", "dejpeg", "upscale"] as const;
  const named = wayNames[task as keyof typeof wayNames] ?? task;
  const studioTask = known.find((one) => one === named);
  return studioTask === undefined ? task : text.value.ways[wayOf(studioTask)].name;
}

export function Choices({ trainer }: { readonly trainer: Trainer }) {
  const t = text.value.teaching;
  return (
    <>
      <Photos trainer={trainer} />
      <Tasks trainer={trainer} />
      <Select
        label={t.start}
        help={t.startHelp}
        value={startValue(trainer)}
        choices={[
          ...trainer.models.value.map(({ name }) => ({ value: name, label: t.fromModel(name) })),
          ...freshPresets.map((name) => ({ value: name, label: t.fresh(name) })),
        ]}
        onChange={(name) => {
          trainer.startName.value = name;
          trainer.tasks.value = undefined;
        }}
      />
      <HowLong trainer={trainer} />
    </>
  );
}

function startValue({ start }: Trainer): string {
  return "model" in start.value ? start.value.model : start.value.preset;
}

function Photos({ trainer }: { readonly trainer: Trainer }) {
  const picker = useRef<HTMLInputElement>(null);
  const t = text.value.teaching;
  const count = trainer.photos.value;
  const adding = trainer.adding.value;
  const leftOut = trainer.leftOut.value;
  return (
    <section class="group" aria-label={t.photos}>
      <button type="button" class="drop-zone small" onClick={() => picker.current?.click()}>
        <strong>{t.drop}</strong>
        <span>{t.dropHelp(leastPhotos, mostPhotos)}</span>
      </button>
      <PictureInput picker={picker} label={t.drop} onFiles={(files) => trainer.add(files)} />
      {trainer.thumbnails.value.length > 0 && (
        <div class="thumbnails">
          {trainer.thumbnails.value.map((address) => (
            <img key={address} src={address} alt="" />
          ))}
        </div>
      )}
      <p role="status" class="photo-count">
        {adding !== undefined ? t.adding(adding.done, adding.total) : count > 0 && t.count(count)}
        {adding === undefined && count > 0 && count < leastPhotos && (
          <> {t.more(leastPhotos - count)}</>
        )}
      </p>
      {leftOut.length > 0 && (
        <div class="left-out" role="alert">
          <ul>
            {leftOut.map((one) => {
              const line =
                "name" in one ? t.unreadable(one.name) : t.tooMany(one.tooMany, mostPhotos);
              return <li key={line}>{line}</li>;
            })}
          </ul>
        </div>
      )}
      {count > 0 && <Button kind="quiet" label={t.clearPhotos} onClick={() => trainer.discard()} />}
    </section>
  );
}

function Tasks({ trainer }: { readonly trainer: Trainer }) {
  const t = text.value.teaching;
  const chosen = trainer.chosenTasks.value;
  return (
    <fieldset class="checks">
      <legend>{t.tasks}</legend>
      {allTasks.map(({ name }) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={(event) => {
              const { checked } = event.currentTarget;
              trainer.tasks.value = allTasks
                .map((task) => task.name)
                .filter((one) => (one === name ? checked : chosen.includes(one)));
            }}
          />
          {taskName(name)}
        </label>
      ))}
    </fieldset>
  );
}

export function HowLong({ trainer }: { readonly trainer: Trainer }) {
  const id = useId();
  const t = text.value.teaching;
  const limit = trainer.limit.value;
  const inMinutes = "minutes" in limit;
  const value = inMinutes ? limit.minutes : limit.images;
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{t.howLong}</label>
        <span class="how-long">
          <input
            id={id}
            type="number"
            min={1}
            step={1}
            value={value}
            aria-describedby={`${id}-help`}
            onChange={(event) => {
              const number = Math.round(event.currentTarget.valueAsNumber);
              if (!(number >= 1)) return;
              trainer.limit.value = inMinutes ? { minutes: number } : { images: number };
            }}
          />
          <Segments
            label={t.unit}
            value={inMinutes ? "minutes" : "images"}
            choices={[
              { value: "images", label: t.images },
              { value: "minutes", label: t.minutes },
            ]}
            onChange={(unit) => {
              trainer.limit.value = unit === "minutes" ? { minutes: 20 } : { images: 2000 };
            }}
          />
        </span>
      </div>
      <p class="help" id={`${id}-help`}>
        {t.howLongHelp}
      </p>
    </div>
  );
}
