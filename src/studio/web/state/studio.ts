/** The page's actions: opening, asking, saving. Everything on the page goes through here. */
import { computed, type Signal, signal } from "@preact/signals";
import { omitUndefined } from "../../../util/omit-undefined.ts";
import type { FolderPhoto, PhotoFolder } from "../folder.ts";
import { text } from "../i18n/index.ts";
import type { RestoreResult, Restorer, StudioModel, StudioOptions } from "../restorer.ts";
import { ViewState } from "../view/view-state.ts";
import type { Point } from "../view/viewport.ts";
import { BatchRunner } from "./batch.ts";
import { type Comparison, Editor } from "./editor.ts";
import {
  type Asked,
  addAnswers,
  addStep,
  type Place,
  photoAt,
  restoreStep,
  show,
  showNext,
} from "./history.ts";
import { type Job, JobRunner } from "./job.ts";
import { Notices } from "./notices.ts";
import { photoOf, photoOfAnswer } from "./photo.ts";
import { download, encode, fileNameOf, zipOf } from "./saving.ts";
import { Session } from "./session.ts";
import { keptSettings, type Settings } from "./settings.ts";
import { type Way, wayOf } from "./ways.ts";

export type Dialog = "keys" | "save" | "history" | "address" | "batch";

export class Studio {
  readonly restorer: Restorer;
  readonly models = signal<readonly StudioModel[]>([]);
  readonly folder = signal<PhotoFolder | undefined>(undefined);
  readonly settings: Signal<Settings> = keptSettings(localStorage);
  readonly editor = new Editor();
  readonly view = new ViewState(this.editor);
  readonly runner = new JobRunner();
  readonly notices = new Notices();
  readonly batch: BatchRunner;
  readonly dialog = signal<Dialog | undefined>(undefined);
  readonly #systemDark = signal(matchMedia("(prefers-color-scheme: dark)").matches);
  readonly dark = computed(() =>
    this.settings.value.theme === undefined
      ? this.#systemDark.value
      : this.settings.value.theme === "dark",
  );
  /** Where a pointer is over the canvas, CSS pixels. */
  readonly pointer = signal<Point | undefined>(undefined);
  /** The picture is moved instead of drawn on. */
  readonly spaceHeld = signal(false);
  /** The answer whose estimate is shown while a request runs. */
  readonly shownPreview = signal(0);
  /** A photo is being read. */
  readonly opening = signal(false);
  readonly #session = new Session();

  readonly model = computed(
    () =>
      this.models.value.find(({ name }) => name === this.settings.value.model) ??
      this.models.value[0],
  );

  constructor(restorer: Restorer) {
    this.restorer = restorer;
    this.batch = new BatchRunner(restorer);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
      this.#systemDark.value = matches;
    });
  }

  /** Asks for the models, and finds the photo and the request of before a reload. */
  async start(folder: Promise<PhotoFolder | undefined>): Promise<void> {
    const models = this.restorer.models().then(
      (found) => {
        this.models.value = found;
      },
      (error) => this.notices.fail(error),
    );
    folder.then(
      (found) => {
        this.folder.value = found;
      },
      (error) => this.notices.fail(error),
    );
    void this.#session.dropOld();
    const kept = await this.#session.photo();
    if (kept !== undefined) {
      await this.open(kept.file, kept.name);
      if (kept.mask !== undefined) await this.editor.mask.value?.load(kept.mask);
      await this.#resume();
    }
    await models;
  }

  setting(change: Partial<Settings>): void {
    this.settings.value = { ...this.settings.value, ...change };
  }

  async open(file: Blob, name: string, folderPhoto?: FolderPhoto): Promise<void> {
    this.opening.value = true;
    try {
      const photo = await photoOf(file).catch(() => {
        throw new Error(text.value.open.unreadable(name));
      });
      this.runner.cancel();
      await this.editor.open(photo, file, { name, folderPhoto });
      this.dialog.value = undefined;
      void this.#session.keepPhoto({ name, file });
    } catch (error) {
      this.notices.fail(error);
    } finally {
      this.opening.value = false;
    }
  }

  /** One photo is opened; several become a batch. */
  async openFiles(files: readonly File[]): Promise<void> {
    const [first] = files;
    if (first === undefined) return;
    if (files.length === 1) return this.open(first, first.name);
    this.batch.add(files);
    this.dialog.value = "batch";
  }

  async openAddress(address: string): Promise<void> {
    this.opening.value = true;
    try {
      const response = await fetch(address, { credentials: "omit" });
      if (!response.ok) throw new Error(`${response.status}`);
      const name = new URL(address).pathname.split("/").at(-1) || "photo";
      await this.open(await response.blob(), decodeURIComponent(name));
    } catch {
      this.notices.fail(text.value.open.unreachable);
    } finally {
      this.opening.value = false;
    }
  }

  async openFolderPhoto(photo: FolderPhoto): Promise<void> {
    try {
      const file = await this.folder.value?.open(photo);
      if (file !== undefined) await this.open(file, photo.name, photo);
    } catch (error) {
      this.notices.fail(error);
    }
  }

  close(): void {
    this.runner.cancel();
    this.editor.close();
    void this.#session.keepPhoto(undefined);
  }

  /** Shows an answer, or what it was made from. */
  show(shown: number | "before"): void {
    this.editor.change((history) => show(history, shown));
    if (this.editor.comparison.value === "all") this.editor.comparison.value = "off";
  }

  showNext(by: 1 | -1): void {
    this.editor.change((history) => showNext(history, by));
  }

  /** Goes on from the answer that is shown. */
  accept(): void {
    const { editor } = this;
    editor.accept();
    const [base, opened] = [editor.base.value, editor.opened.value];
    if (base === undefined || opened === undefined) return;
    void base.file().then((file) => this.#session.keepPhoto({ name: opened.name, file }));
  }

  resizeBrush(factor: number): void {
    const { diameter, base } = this.editor;
    const most = Math.max(base.value?.width ?? 1, base.value?.height ?? 1);
    const next = diameter.value * factor;
    const rounded = factor > 1 ? Math.ceil(next) : Math.floor(next);
    diameter.value = Math.min(most, Math.max(1, rounded));
  }

  /** Opens the browser's own window for files; the part of the page that has it sets it. */
  onChooseFile: () => void = () => {};

  chooseFile(): void {
    this.onChooseFile();
  }

  /** Another way of working goes on from the answer that is shown. */
  choose(way: Way): void {
    if (way !== this.editor.way.value) this.accept();
    this.editor.way.value = way;
  }

  /** The comparison, or none when it is chosen again. */
  compare(how: Comparison): void {
    const { comparison, review, showsAnswer } = this.editor;
    if (review.value === undefined) return;
    if (!showsAnswer.value && how !== "off") this.show(0);
    comparison.value = comparison.value === how ? "off" : how;
    this.view.fit();
  }

  /** What the settings say for any task. */
  commonOptions(): StudioOptions {
    const { samples, steps, seed, sampler, faithful, model } = this.settings.value;
    return {
      ...omitUndefined({ seed, model }),
      ...(faithful ? { faithful } : { samples, ...omitUndefined({ steps, sampler }) }),
    };
  }

  /** The request that the controls describe. */
  options(): StudioOptions {
    const { task, margins, widen, scale, force } = this.editor;
    return {
      ...this.commonOptions(),
      ...(task.value === "uncrop" && { margins: margins.value }),
      ...(task.value === "panorama" && { widen: widen.value }),
      ...(task.value === "upscale" && { scale: scale.value }),
      ...(task.value === "dejpeg" && force.value && { force: true }),
    };
  }

  /** Restores the photo that is worked on. */
  async run(): Promise<void> {
    const { history, frame, ready, mask, task } = this.editor;
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
    this.show("before");
    await this.#ask(asked, base, { frame: frame.value });
  }

  /** As many answers again to the request whose answers are looked at. */
  async more(): Promise<void> {
    const history = this.editor.history.value;
    const step = this.editor.review.value;
    const into = history?.cursor.review;
    if (step?.asked === undefined || step.from === undefined || into === undefined) return;
    if (this.runner.job.value !== undefined) return;
    const { seed: _, faithful: __, ...options } = step.asked.options;
    const asked = { ...step.asked, options: { samples: this.settings.value.samples, ...options } };
    await this.#ask(asked, step.from, { frame: step.frame, into });
  }

  /** Saves what is shown; beside the photo of the folder, where it comes from one. */
  async save(): Promise<void> {
    const { shown, opened, task } = this.editor;
    if (shown.value === undefined || opened.value === undefined) return;
    const { format, quality, metadata } = this.settings.value;
    const photo = shown.value;
    try {
      const blob = await encode(photo, { format, quality, metadata });
      download(blob, fileNameOf(opened.value.name, this.#suffix(task.value), format));
      this.dialog.value = undefined;
    } catch (error) {
      this.notices.fail(error);
    }
  }

  async saveToFolder(): Promise<void> {
    const { restored } = this.editor.shown.value ?? {};
    const beside = this.editor.opened.value?.folderPhoto;
    if (restored === undefined || beside === undefined) return;
    const { format, quality, metadata } = this.settings.value;
    try {
      const name = await this.folder.value?.save(restored, beside, { format, quality, metadata });
      if (name !== undefined) this.notices.say(text.value.save.savedAs(name));
      this.dialog.value = undefined;
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** All answers that lie side by side, as a zip. */
  async saveAll(): Promise<void> {
    const { review, opened } = this.editor;
    if (review.value?.asked === undefined || opened.value === undefined) return;
    const options = this.settings.value;
    const [{ name }, suffix] = [opened.value, review.value.asked.task];
    try {
      const files = await Promise.all(
        review.value.answers.map(async (photo, k) => ({
          name: fileNameOf(name, suffix, options.format, k),
          blob: await encode(photo, options),
        })),
      );
      download(await zipOf(files), `${name.replace(/\.[^.]+$/, "")}-${suffix}.zip`);
      this.dialog.value = undefined;
    } catch (error) {
      this.notices.fail(error);
    }
  }

  async saveMask(): Promise<void> {
    const { mask, opened } = this.editor;
    if (mask.value === undefined || opened.value === undefined) return;
    download(await mask.value.toPng(), fileNameOf(opened.value.name, "mask", "png"));
  }

  async loadMask(file: Blob): Promise<void> {
    try {
      await this.editor.mask.value?.load(file);
    } catch {
      this.notices.fail(text.value.fill.badMask);
    }
  }

  /** Back to a step of the history. */
  restoreStep(index: number): void {
    this.editor.change((history) => restoreStep(history, index));
    const { asked } = this.editor.history.value?.steps[index] ?? {};
    if (asked !== undefined) this.editor.way.value = wayOf(asked.task);
  }

  async #ask(asked: Asked, from: Place, where: Pick<Job, "frame" | "into">): Promise<void> {
    const opened = this.editor.opened.value;
    const history = this.editor.history.value;
    if (history === undefined || opened === undefined) return;
    try {
      const image = await photoAt(history, from).file();
      const { task, options, mask } = asked;
      const result = await this.runner.run(
        { asked, from, ...where },
        (listeners) =>
          this.restorer.restore({ image, task, options, ...omitUndefined({ mask }) }, listeners),
        (id) => {
          this.#session.keepRequest({ id, asked: { task, options }, frame: where.frame });
          void this.#session.keepPhoto({ name: opened.name, file: image, mask });
        },
      );
      // Another photo may have been opened meanwhile.
      if (this.editor.opened.value !== opened) return;
      this.#session.keepRequest(undefined);
      if (result !== undefined) await this.#take(result, asked, from, where);
    } catch (error) {
      this.#session.keepRequest(undefined);
      this.notices.fail(error);
    }
  }

  /** Goes on listening to the request that ran before the page was loaded anew. */
  async #resume(): Promise<void> {
    const running = this.#session.request();
    const base = this.editor.base.value;
    if (running === undefined || base === undefined) return;
    const { id, asked, frame } = running;
    const from = { step: 0, answer: 0 };
    this.editor.way.value = wayOf(asked.task);
    if (asked.task === "panorama") this.editor.extendKind.value = "panorama";
    try {
      const result = await this.runner.run({ asked, from, frame }, (listeners) =>
        this.restorer.resume(id, listeners),
      );
      if (result !== undefined) await this.#take(result, asked, from, { frame });
    } catch (error) {
      this.notices.fail(error);
    } finally {
      this.#session.keepRequest(undefined);
    }
  }

  async #take(
    { images, notes }: RestoreResult,
    asked: Asked,
    from: Place,
    { frame, into }: Pick<Job, "frame" | "into">,
  ): Promise<void> {
    const answers = await Promise.all(images.map(photoOfAnswer));
    this.editor.change((history) =>
      into === undefined
        ? addStep(history, { asked, from, frame, answers })
        : addAnswers(history, into, answers),
    );
    for (const note of notes) this.notices.say(note);
  }

  #suffix(task: string): string {
    return this.editor.review.value?.asked?.task ?? task;
  }
}
