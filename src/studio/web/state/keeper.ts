/** Keeps the work over a reload of the page: the history with its photos, and the mask. */
import { omitUndefined } from "../../../util/omit-undefined.ts";
import type { Restorer } from "../restorer.ts";
import type { Opened } from "./editor.ts";
import { basePhoto, type History, photoAt } from "./history.ts";
import type { KeptFiles } from "./kept-files.ts";
import { type KeptPhoto, mapPhotos, newestSteps, withSteps } from "./kept-history.ts";
import { type Photo, photoOf } from "./photo.ts";

/** Of the photos of all steps that are kept, in bytes. */
const mostBytes = 256 * 2 ** 20;
/** However small they are: each is decoded after a reload. */
const mostPhotos = 100;

export interface Work {
  readonly opened: Pick<Opened, "name" | "folderPhoto">;
  readonly history: History<Photo>;
}

export interface FoundWork extends Work {
  readonly mask?: Blob | undefined;
}

export class Keeper {
  readonly #files: KeptFiles;
  /** The names of photos, and those whose files lie there. */
  readonly #names = new WeakMap<Photo, string>();
  readonly #written = new WeakSet<Photo>();
  readonly #masks = new WeakMap<Photo, Blob>();
  #next: Work | undefined;
  #writing: Promise<void> | undefined;

  constructor(files: KeptFiles) {
    this.#files = files;
  }

  /** Remembers the mask of a photo, for when the work is kept next. */
  setMask(photo: Photo, mask: Blob | undefined): void {
    if (mask === undefined) this.#masks.delete(photo);
    else this.#masks.set(photo, mask);
  }

  /** Keeps the work, as it is last; resolves when it is written. */
  keep(work: Work): Promise<void> {
    this.#next = work;
    this.#writing ??= this.#write();
    return this.#writing;
  }

  /** The work of before the reload. */
  async found(restorer: Restorer): Promise<FoundWork | undefined> {
    const work = await this.#files.work();
    if (work === undefined) return undefined;
    const photos = new Map<string, Photo>();
    const whole = new Set<number>();
    for (const [index, { answers }] of work.history.steps.entries()) {
      for (const kept of answers) {
        const photo = await this.#photo(kept, restorer).catch(() => undefined);
        if (photo !== undefined) photos.set(kept.file, photo);
      }
      if (answers.every(({ file }) => photos.has(file))) whole.add(index);
    }
    const { cursor } = work.history;
    if (![0, cursor.base.step, cursor.review ?? 0].every((step) => whole.has(step)))
      return undefined;
    const history = mapPhotos(withSteps(work.history, whole), ({ file }) => photos.get(file)!);
    const { name, folderPhoto, mask } = work;
    this.setMask(basePhoto(history), mask);
    return { opened: { name, folderPhoto }, history, mask };
  }

  async #photo({ file, restored }: KeptPhoto, restorer: Restorer): Promise<Photo | undefined> {
    const blob = await this.#files.file(file);
    if (blob === undefined) return undefined;
    const image = restored && restorer.recall?.(restored);
    const photo: Photo = {
      ...(await photoOf(blob, restorer)),
      ...omitUndefined({ restored: image }),
    };
    this.#names.set(photo, file);
    this.#written.add(photo);
    return photo;
  }

  async #write(): Promise<void> {
    try {
      for (let work = this.#next; work !== undefined; work = this.#next) {
        this.#next = undefined;
        await this.#store(work);
      }
    } finally {
      this.#writing = undefined;
    }
  }

  async #store({ opened, history }: Work): Promise<void> {
    const files = new Map<Photo, Blob>();
    for (const photo of history.steps.flatMap(({ answers }) => answers)) {
      // An answer that the server no longer has is kept as it is shown.
      files.set(photo, await photo.file().catch(() => photo.source));
    }
    const size = (photo: Photo) => Math.max(files.get(photo)?.size ?? 0, mostBytes / mostPhotos);
    const kept = withSteps(history, newestSteps(history, size, mostBytes));
    const fresh = new Map<string, Blob>();
    const photos: Photo[] = [];
    const named = mapPhotos(kept, (photo): KeptPhoto => {
      const file = this.#nameOf(photo);
      const blob = files.get(photo);
      photos.push(photo);
      if (blob !== undefined && !this.#written.has(photo)) fresh.set(file, blob);
      if (photo.restored === undefined) return { file };
      const { reference, index, seed, width, height } = photo.restored;
      return { file, restored: { index, seed, width, height, ...omitUndefined({ reference }) } };
    });
    const mask = this.#masks.get(photoAt(kept, kept.cursor.base));
    const { name, folderPhoto } = opened;
    if (!(await this.#files.keep({ name, folderPhoto, mask, history: named }, fresh))) return;
    // What is no longer named has been dropped.
    for (const photo of files.keys()) this.#written.delete(photo);
    for (const photo of photos) this.#written.add(photo);
  }

  #nameOf(photo: Photo): string {
    const name = this.#names.get(photo) ?? crypto.randomUUID();
    this.#names.set(photo, name);
    return name;
  }
}
