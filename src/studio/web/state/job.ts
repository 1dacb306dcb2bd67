/** The request that runs: its progress and its end. One at a time; the page stays usable. */
import { signal } from "@preact/signals";
import type { Box } from "../../../image/image.ts";
import type { RestoreListeners, RestoreResult } from "../restorer.ts";
import type { Asked, Place } from "./history.ts";

export interface Job {
  readonly asked: Asked;
  readonly from: Place;
  /** Where its answers will lie, in pixels of what it began with. */
  readonly frame: Box;
  /** The step that gets the answers; undefined: a new one. */
  readonly into?: number;
  /** Bytes of the model that have come, while it is being fetched. */
  readonly model?: { readonly done: number; readonly total?: number } | undefined;
  /** Requests before this one; undefined: it is at work. */
  readonly place?: number | undefined;
  readonly step: number;
  /** undefined before the first step. */
  readonly steps?: number;
  readonly secondsLeft?: number | undefined;
  /** The present estimates, by answer. */
  readonly previews: ReadonlyMap<number, ImageBitmap>;
}

type Begin = Omit<Job, "step" | "previews">;

export class JobRunner {
  readonly job = signal<Job | undefined>(undefined);
  #controller: AbortController | undefined;

  /**
   * Runs one request.
   * @returns undefined when it was cancelled
   * @throws what the request throws
   */
  async run<R extends RestoreResult | undefined>(
    begin: Begin,
    start: (listeners: RestoreListeners) => Promise<R>,
    onAccepted?: (id: string) => void,
  ): Promise<R | undefined> {
    const controller = new AbortController();
    this.#controller = controller;
    this.job.value = { ...begin, step: 0, previews: new Map() };
    try {
      return await start({
        signal: controller.signal,
        onAccepted: (id) => onAccepted?.(id),
        onProgress: (progress) => {
          if (progress.kind === "preview") this.#preview(progress.index, progress.image);
          else if (progress.kind === "queued") this.#change({ place: progress.place });
          else if (progress.kind === "model") this.#change({ place: undefined, model: progress });
          else {
            const { step, steps, secondsLeft } = progress;
            this.#change({ place: undefined, model: undefined, step, steps, secondsLeft });
          }
        },
      });
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    } finally {
      const previews = this.job.peek()?.previews;
      this.#controller = undefined;
      this.job.value = undefined;
      for (const bitmap of previews?.values() ?? []) bitmap.close();
    }
  }

  cancel(): void {
    this.#controller?.abort();
  }

  #change(change: Partial<Job>): void {
    const job = this.job.peek();
    if (job !== undefined) this.job.value = { ...job, ...change };
  }

  async #preview(index: number, image: Blob): Promise<void> {
    const controller = this.#controller;
    const bitmap = await createImageBitmap(image).catch(() => undefined);
    const job = this.job.peek();
    if (bitmap === undefined || job === undefined || controller !== this.#controller) return;
    this.#change({ previews: new Map([...job.previews, [index, bitmap]]) });
    job.previews.get(index)?.close();
  }
}
