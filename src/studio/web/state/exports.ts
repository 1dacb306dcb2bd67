/** What leaves the page: the picture that is shown, all answers, the mask. */
import type { ReadonlySignal } from "@preact/signals";
import type { PhotoFolder } from "../folder.ts";
import { text } from "../i18n/index.ts";
import type { Editor } from "./editor.ts";
import type { Notices } from "./notices.ts";
import { download, encode, fileNameOf, zipOf } from "./saving.ts";
import type { Settings } from "./settings.ts";

export interface ExportParts {
  readonly editor: Editor;
  readonly settings: ReadonlySignal<Settings>;
  readonly folder: ReadonlySignal<PhotoFolder | undefined>;
  readonly notices: Notices;
}

export class Exports {
  readonly #parts: ExportParts;

  constructor(parts: ExportParts) {
    this.#parts = parts;
  }

  /** Saves what is shown. @returns whether it was saved, as do the others */
  async save(): Promise<boolean> {
    const { shown, opened, task } = this.#parts.editor;
    if (shown.value === undefined || opened.value === undefined) return false;
    const { format, quality, metadata } = this.#parts.settings.value;
    const photo = shown.value;
    try {
      const blob = await encode(photo, { format, quality, metadata });
      download(blob, fileNameOf(opened.value.name, this.#suffix(task.value), format));
      return true;
    } catch (error) {
      this.#parts.notices.fail(error);
      return false;
    }
  }

  /** Saves the answer that is shown beside the photo of the folder it was made from. */
  async saveToFolder(): Promise<boolean> {
    const { restored } = this.#parts.editor.shown.value ?? {};
    const beside = this.#parts.editor.opened.value?.folderPhoto;
    if (restored === undefined || beside === undefined) return false;
    const { format, quality, metadata } = this.#parts.settings.value;
    try {
      const name = await this.#parts.folder.value?.save(restored, beside, {
        format,
        quality,
        metadata,
      });
      if (name !== undefined) this.#parts.notices.say(text.value.save.savedAs(name));
      return true;
    } catch (error) {
      this.#parts.notices.fail(error);
      return false;
    }
  }

  /** All answers that lie side by side, as a zip. */
  async saveAll(): Promise<boolean> {
    const { review, opened } = this.#parts.editor;
    if (review.value?.asked === undefined || opened.value === undefined) return false;
    const options = this.#parts.settings.value;
    const [{ name }, suffix] = [opened.value, review.value.asked.task];
    try {
      const files = await Promise.all(
        review.value.answers.map(async (photo, k) => ({
          name: fileNameOf(name, suffix, options.format, k),
          blob: await encode(photo, options),
        })),
      );
      download(await zipOf(files), `${name.replace(/\.[^.]+$/, "")}-${suffix}.zip`);
      return true;
    } catch (error) {
      this.#parts.notices.fail(error);
      return false;
    }
  }

  async saveMask(): Promise<void> {
    const { mask, opened } = this.#parts.editor;
    if (mask.value === undefined || opened.value === undefined) return;
    download(await mask.value.toPng(), fileNameOf(opened.value.name, "mask", "png"));
  }

  /** The task that the picture is named by. */
  #suffix(task: string): string {
    return this.#parts.editor.review.value?.asked?.task ?? task;
  }
}
