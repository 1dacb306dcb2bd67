/** Requests to whoever restores: from the controls to the answers in the history. */
import { type Signal, signal } from "@preact/signals";
import { omitUndefined } from "../../../util/omit-undefined.ts";
import { panoramaFrame } from "../extend/frame.ts";
import {
  fillingTasks,
  type RestoreResult,
  type Restorer,
  type StudioOptions,
} from "../restorer.ts";
import type { Editor, Opened } from "./editor.ts";
import { type Asked, addAnswers, addStep, type Place, photoAt, show } from "./history.ts";
import { type Job, JobRunner } from "./job.ts";
import type { Keeper } from "./keeper.ts";
import type { Notices } from "./notices.ts";
import { photoOfAnswer } from "./photo.ts";
import type { RunningRequest, Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import { wayOf } from "./ways.ts";

export interface RequestParts {
  readonly restorer: Restorer;
  readonly editor: Editor;
  readonly settings: Signal<Settings>;
  readonly session: Session;
  readonly keeper: Keeper;
  readonly notices: Notices;
}

export class Requests {
  readonly runner = new JobRunner();
  /** The answer whose estimate is shown while a request runs. */
  readonly shownPreview = signal(0);
  readonly #parts: RequestParts;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** What the settings say for any task. */
  commonOptions(): StudioOptions {
    const { samples, steps, seed, sampler, mean, model } = this.#parts.settings.value;
    return {
      ...omitUndefined({ seed, model }),
      ...(mean ? { mean } : { samples, ...omitUndefined({ steps, sampler }) }),
    };
  }

  /** The request that the controls describe. */
  options(): StudioOptions {
    const { task, frameEdits, widen, scale, force } = this.#parts.editor;
    const soft = fillingTasks.includes(task.value) && !this.#parts.settings.value.sharpen;
    return {
      ...this.commonOptions(),
      ...(task.value === "uncrop" && { margins: frameEdits.margins.value }),
      ...(task.value === "panorama" && { widen: widen.value }),
      ...(task.value === "upscale" && { scale: scale.value }),
      ...(task.value === "dejpeg" && force.value && { force: true }),
      ...(soft && { sharpen: false }),
    };
  }

  /** Restores the photo that is worked on. */
  async run(): Promise<void> {
    const { history, frame, ready, mask, task } = this.#parts.editor;
    if (history.value === undefined || frame.value === undefined) return;
    if (!ready.value || this.runner.job.value !== undefined) return;
    const png = task.value === "inpaint" ? await mask.value?.toPng() : undefined;
    const asked: Asked = {
      task: task.value,
      options: this.options(),
      ...(png !== undefined && { mask: png }),
    };
    const { base } = history.value.cursor;
    this.shownPreview.value = 0;
    this.#parts.editor.change((history) => show(history, "before"));
    await this.#ask(asked, base, { frame: frame.value });
  }

  /** As many answers again to the request whose answers are looked at. */
  async more(): Promise<void> {
    const history = this.#parts.editor.history.value;
    const step = this.#parts.editor.review.value;
    const into = history?.cursor.review;
    if (step?.asked === undefined || step.from === undefined || into === undefined) return;
    if (this.runner.job.value !== undefined) return;
    const { seed: _, mean: __, ...options } = step.asked.options;
    const asked = {
      ...step.asked,
      options: { samples: this.#parts.settings.value.samples, ...options },
    };
    await this.#ask(asked, step.from, { frame: step.frame, into });
  }

  async #ask(asked: Asked, from: Place, where: Pick<Job, "frame" | "into">): Promise<void> {
    const opened = this.#parts.editor.opened.value;
    const history = this.#parts.editor.history.value;
    if (history === undefined || opened === undefined) return;
    try {
      const image = await photoAt(history, from).file();
      const { task, options, mask } = asked;
      const result = await this.runner.run(
        { asked, from, ...where },
        (listeners) =>
          this.#parts.restorer.restore(
            { image, task, options, ...omitUndefined({ mask }) },
            listeners,
          ),
        (id) => {
          if (this.#parts.editor.opened.value !== opened) return;
          const { session, keeper, editor } = this.#parts;
          const history = editor.history.value;
          if (history === undefined) return;
          keeper.setMask(photoAt(history, from), mask);
          // The photo first: a request that is found again has its photo and mask.
          void keeper.keep({ opened, history }).then(() => {
            if (this.runner.job.value?.asked !== asked) return;
            session.keepRequest({ id, asked: { task, options }, from, ...where });
          });
        },
      );
      if (result !== undefined) await this.#take(result, opened, { asked, from, ...where });
    } catch (error) {
      this.#parts.notices.fail(error);
    } finally {
      this.#parts.session.keepRequest(undefined);
    }
  }

  /** Goes on listening to the request that ran before the page was loaded anew. */
  async resume(running: RunningRequest, mask: Blob | undefined): Promise<void> {
    const opened = this.#parts.editor.opened.value;
    if (opened === undefined) return;
    const { id, from, frame, into } = running;
    const asked: Asked = { ...running.asked, ...omitUndefined({ mask }) };
    const begin = { asked, from, frame, ...omitUndefined({ into }) };
    this.#parts.editor.way.value = wayOf(asked.task);
    if (asked.task === "panorama") this.#parts.editor.extendKind.value = "panorama";
    try {
      const result = await this.runner.run(begin, (listeners) =>
        this.#parts.restorer.resume(id, listeners),
      );
      if (result !== undefined) await this.#take(result, opened, begin);
    } catch (error) {
      this.#parts.notices.fail(error);
    } finally {
      this.#parts.session.keepRequest(undefined);
    }
  }

  /** Puts the answers into the history, unless another photo has been opened meanwhile. */
  async #take(
    { images, notes }: RestoreResult,
    opened: Opened,
    { asked, from, frame, into }: Pick<Job, "asked" | "from" | "frame" | "into">,
  ): Promise<void> {
    const answers = await Promise.all(images.map(photoOfAnswer));
    const { editor } = this.#parts;
    if (editor.opened.value !== opened) return;
    editor.change((history) => {
      if (into !== undefined) return addAnswers(history, into, answers);
      const [first] = answers;
      const place =
        asked.task === "panorama" && first !== undefined
          ? panoramaFrame(photoAt(history, from), first)
          : frame;
      return addStep(history, { asked, from, frame: place, answers });
    });
    for (const note of notes) this.#parts.notices.say(note);
  }
}
