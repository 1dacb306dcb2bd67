/** "Make it mine": the user's photos teach a model, on this machine. */
import { useEffect } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Button } from "../parts/controls.tsx";
import { download, zipOf } from "../state/saving.ts";
import { Choices, HowLong, taskName } from "./choices.tsx";
import { LossChart } from "./loss-chart.tsx";
import { Sheets } from "./sheets.tsx";
import type { Trainer } from "./trainer.ts";

export interface TrainPanelProps {
  readonly trainer: Trainer;
  /** Puts a model among the page's and chooses it. */
  readonly use: (files: readonly File[]) => Promise<void>;
}

export function TrainPanel({ trainer, use }: TrainPanelProps) {
  useEffect(() => trainer.open(), [trainer]);
  const t = text.value.teaching;
  const state = trainer.state.value;
  if (state === "loading") return <p role="status">{t.loading}</p>;
  return (
    <div class="training">
      <p class="lead">{t.lead}</p>
      {trainer.failure.value !== undefined && (
        <p class="training-failure" role="alert">
          {trainer.failure.value}
        </p>
      )}
      {state === "choosing" ? <Choices trainer={trainer} /> : <Course trainer={trainer} />}
      <Actions trainer={trainer} use={use} />
    </div>
  );
}

function Course({ trainer }: { readonly trainer: Trainer }) {
  const t = text.value.teaching;
  const training = trainer.training.value;
  if (training === undefined) return null;
  const { choices } = training;
  const tasks = choices.tasks.map((task) => ({ task, name: taskName(task) }));
  const heldOut = trainer.heldOut.value;
  return (
    <>
      {trainer.state.value === "stopped" ? (
        <>
          <p class="training-state" role="status">
            {t.stoppedAt(trainer.photos.value, training.images)}
          </p>
          <HowLong trainer={trainer} />
        </>
      ) : (
        <Standing trainer={trainer} />
      )}
      <LossChart lines={trainer.lines.value} tasks={tasks} label={t.loss} axis={t.images} />
      {heldOut !== undefined && <p class="help">{t.heldOut(heldOut.first, heldOut.last)}</p>}
      <Sheets before={trainer.before.value} after={trainer.after.value} />
    </>
  );
}

/** How far the training is. */
function Standing({ trainer }: { readonly trainer: Trainer }) {
  const t = text.value.teaching;
  const progress = trainer.progress.value;
  const part = trainer.part.value;
  const limit = trainer.limit.value;
  const images = progress?.images ?? trainer.training.value?.images ?? 0;
  const line =
    trainer.state.value === "stopping"
      ? t.stopping
      : part?.what === "looking"
        ? t.looking(Math.round(100 * (part.share ?? 0)))
        : part?.what === "preparing" || progress === undefined
          ? t.preparing
          : t.speed(progress.perSecond, progress.secondsLeft ?? 0);
  const share =
    "images" in limit
      ? Math.min(1, images / limit.images)
      : 1 - Math.min(1, (progress?.secondsLeft ?? limit.minutes * 60) / (limit.minutes * 60));
  return (
    <div class="standing">
      <p class="progress-text">
        <span>{"images" in limit ? t.seenOf(images, limit.images) : t.seen(images)}</span>
        <span>{line}</span>
      </p>
      <progress aria-label={t.progress} max={1} value={share} />
    </div>
  );
}

function Actions({ trainer, use }: TrainPanelProps) {
  const studio = useStudio();
  const t = text.value.teaching;
  const state = trainer.state.value;
  const withModel = async (work: (files: readonly File[]) => Promise<void>) => {
    try {
      const files = await trainer.model();
      if (files !== undefined) await work(files);
    } catch (error) {
      studio.notices.fail(error);
    }
  };
  if (state === "choosing") {
    return (
      <div class="dialog-actions">
        <Button
          kind="primary"
          label={t.begin}
          disabled={!trainer.canStart.value}
          onClick={() => void trainer.run()}
        />
      </div>
    );
  }
  if (state !== "stopped") {
    return (
      <div class="dialog-actions">
        <Button
          icon="close"
          label={t.stop}
          disabled={state === "stopping"}
          onClick={() => trainer.stop()}
        />
      </div>
    );
  }
  return (
    <div class="dialog-actions">
      <Button
        kind="quiet"
        label={t.discard}
        onClick={() => {
          if (confirm(t.discardAsk)) trainer.discard();
        }}
      />
      <Button
        icon="save"
        label={t.zip}
        onClick={() =>
          withModel(async (files) => {
            const [config] = files;
            const { name } = JSON.parse((await config?.text()) ?? "{}") as { name: string };
            const inFolder = files.map((file) => ({ name: `${name}/${file.name}`, blob: file }));
            download(await zipOf(inFolder), `${name}.zip`);
          })
        }
      />
      <Button icon="check" label={t.use} onClick={() => withModel(use)} />
      <Button kind="primary" label={t.goOn} onClick={() => void trainer.run()} />
    </div>
  );
}
