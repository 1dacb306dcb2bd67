/** The page's actions: opening, asking, saving. Everything on the page goes through here. */
import { computed, effect, type Signal, signal } from "@preact/signals";
import type { Size } from "../../../image/model-size.ts";
import type { FolderPhoto, PhotoFolder } from "../folder.ts";
import { text } from "../i18n/index.ts";
import type { LocalStudio } from "../local/local-studio.ts";
import { wholeBox } from "../mask/bitmap.ts";
import { RestoreError, type Restorer, type StudioModel } from "../restorer.ts";
import type { Teaching } from "../teaching.ts";
import { ViewState } from "../view/view-state.ts";
import type { Point } from "../view/viewport.ts";
import { BatchRunner } from "./batch.ts";
import { type Comparison, Editor } from "./editor.ts";
import { Exports } from "./exports.ts";
import { openHistory, restoreStep, show, showNext } from "./history.ts";
import { Keeper } from "./keeper.ts";
import { KeptFiles } from "./kept-files.ts";
import { Notices } from "./notices.ts";
import { photoOf, shrunk } from "./photo.ts";
import { Requests } from "./requests.ts";
import { Session } from "./session.ts";
import { keptSettings, type Settings } from "./settings.ts";
import { type Way, wayOf } from "./ways.ts";

export type Dialog = "keys" | "save" | "history" | "address" | "batch" | "machine" | "teaching";

/** What one page has and another has not. */
export interface StudioExtras {
  /** Photos that the server was started with. */
  readonly folder?: Promise<PhotoFolder | undefined>;
  /** Of a page that restores by itself: where it computes, its models. */
  readonly local?: LocalStudio;
  readonly teaching?: Teaching;
}

export class Studio {
  readonly restorer: Restorer;
  readonly extras: StudioExtras;
  readonly models = signal<readonly StudioModel[]>([]);
  readonly folder = signal<PhotoFolder | undefined>(undefined);
  readonly settings: Signal<Settings> = keptSettings(localStorage);
  readonly editor = new Editor();
  readonly view = new ViewState(this.editor);
  readonly notices = new Notices();
  readonly requests: Requests;
  readonly exports: Exports;
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
  /** The page of the beginning is shown, although a photo is open. */
  readonly home = signal(false);
  /** A photo is being read. */
  readonly opening = signal(false);
  readonly #session = new Session();
  readonly #files = new KeptFiles(this.#session.tab);
  readonly #keeper = new Keeper(this.#files);

  readonly model = computed(
    () =>
      this.models.value.find(({ name }) => name === this.settings.value.model) ??
      this.models.value[0],
  );

  constructor(restorer: Restorer, extras: StudioExtras = {}) {
    this.restorer = restorer;
    this.extras = extras;
    const { editor, settings, folder, notices } = this;
    this.requests = new Requests({
      restorer,
      editor,
      settings,
      notices,
      session: this.#session,
      keeper: this.#keeper,
    });
    this.exports = new Exports({ editor, settings, folder, notices });
    this.batch = new BatchRunner(restorer);
    effect(() => {
      const [history, opened] = [editor.history.value, editor.opened.value];
      if (history !== undefined && opened !== undefined)
        void this.#keeper.keep({ history, opened });
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
      this.#systemDark.value = matches;
    });
  }

  /** Asks for the models, and finds the photo and the request of before a reload. */
  async start(): Promise<void> {
    const models = this.listModels();
    this.extras.folder?.then(
      (found) => {
        this.folder.value = found;
      },
      (error) => this.notices.fail(error),
    );
    void this.#files.dropOld();
    await this.#findAgain();
    await models;
  }

  async listModels(): Promise<void> {
    try {
      this.models.value = await this.restorer.models();
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** Adds a model to those of the page, and chooses it. */
  async addModel(bring: (local: LocalStudio) => Promise<string>): Promise<void> {
    const { local } = this.extras;
    if (local === undefined) return;
    try {
      const model = await bring(local);
      await this.listModels();
      this.setting({ model, sampler: undefined });
      this.notices.say(text.value.local.added(model));
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** Goes on with the work of before a reload, unless another photo was opened meanwhile. */
  async #findAgain(): Promise<void> {
    const { editor } = this;
    this.opening.value = true;
    const running = this.#session.request();
    const found = await this.#keeper.found(this.restorer).finally(() => {
      this.opening.value = false;
    });
    if (found === undefined || editor.opened.value !== undefined) return;
    const { history, opened, mask } = found;
    await editor.open(history, opened);
    const { asked } = editor.review.value ?? {};
    if (asked !== undefined) editor.way.value = wayOf(asked.task);
    if (mask !== undefined) await editor.mask.value?.load(mask);
    if (running !== undefined) await this.requests.resume(running, mask);
  }

  setting(change: Partial<Settings>): void {
    this.settings.value = { ...this.settings.value, ...change };
  }

  async open(file: Blob, name: string, folderPhoto?: FolderPhoto): Promise<void> {
    this.opening.value = true;
    try {
      const photo = await photoOf(file, this.restorer).catch((error) => {
        throw error instanceof RestoreError ? error : new Error(text.value.open.unreadable(name));
      });
      this.requests.runner.cancel();
      await this.editor.open(openHistory(photo, wholeBox(photo)), { name, folderPhoto });
      this.dialog.value = undefined;
      this.home.value = false;
    } catch (error) {
      this.notices.fail(error);
    } finally {
      this.opening.value = false;
    }
  }

  /** Works on a smaller copy of the photo that is worked on. */
  async goOnSmaller(size: Size): Promise<void> {
    const { base, opened } = this.editor;
    const [photo, name] = [base.value, opened.value?.name];
    if (photo === undefined || name === undefined) return;
    const way = this.editor.way.value;
    try {
      await this.open(await shrunk(await photo.file(), size), name);
      this.choose(way);
    } catch (error) {
      this.notices.fail(error);
    }
  }

  /** One photo is opened; several become a batch. */
  async openFiles(files: readonly File[]): Promise<void> {
    const [first] = files;
    if (first === undefined) return;
    if (this.dialog.value === "teaching") return this.extras.teaching?.take(files);
    if (files.length === 1 && this.dialog.value !== "batch") return this.open(first, first.name);
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
    this.editor.accept();
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
}
