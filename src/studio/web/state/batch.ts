/** Many photos, one task: one after the other, each answer kept as a file until it is saved. */
import { computed, signal } from "@preact/signals";
import type { Size } from "../../../image/model-size.ts";
import { marginsForSide } from "../extend/frame.ts";
import type { Restorer, StudioOptions, StudioTask } from "../restorer.ts";
import { decoded } from "./photo.ts";
import { fileNameOf, type SaveOptions, zipOf } from "./saving.ts";

export interface BatchItem {
  readonly id: number;
  readonly file: File;
  readonly state: "waiting" | "running" | "done" | "failed";
  /** From 0 to 1. */
  readonly progress: number;
  readonly problem?: string;
  readonly results: readonly { readonly name: string; readonly blob: Blob }[];
}

/** The tasks that need nothing but the photo. */
export const batchTasks = ["colorize", "dejpeg", "uncrop", "panorama", "upscale"] as const;
export type BatchTask = (typeof batchTasks)[number] & StudioTask;

/** All around, by half of the photo's sides. */
const growth = 0.5;

export class BatchRunner {
  readonly items = signal<readonly BatchItem[]>([]);
  readonly task = signal<BatchTask>("colorize");
  readonly running = signal(false);
  readonly finished = computed(
    () => this.items.value.filter(({ state }) => state === "done" || state === "failed").length,
  );
  readonly results = computed(() => this.items.value.flatMap(({ results }) => results));
  readonly #restorer: Restorer;
  #controller: AbortController | undefined;
  #next = 0;

  constructor(restorer: Restorer) {
    this.#restorer = restorer;
  }

  add(files: readonly File[]): void {
    const added = files.map(
      (file): BatchItem => ({ id: this.#next++, file, state: "waiting", progress: 0, results: [] }),
    );
    this.items.value = [...this.items.value, ...added];
  }

  remove(id: number): void {
    this.items.value = this.items.value.filter((item) => item.id !== id);
  }

  clear(): void {
    this.cancel();
    this.items.value = [];
  }

  cancel(): void {
    this.#controller?.abort();
  }

  /** Restores what waits; a photo that fails does not stop the others. */
  async run(options: StudioOptions, saving: SaveOptions): Promise<void> {
    if (this.running.value) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.running.value = true;
    const task = this.task.value;
    try {
      for (;;) {
        const item = this.items.value.find(({ state }) => state === "waiting");
        if (item === undefined || controller.signal.aborted) break;
        await this.#restore(item, task, options, saving, controller.signal);
      }
    } finally {
      this.running.value = false;
    }
  }

  /** All answers so far. */
  zip(): Promise<Blob> {
    return zipOf(this.results.value);
  }

  async #restore(
    { id, file }: BatchItem,
    task: BatchTask,
    options: StudioOptions,
    saving: SaveOptions,
    signal: AbortSignal,
  ): Promise<void> {
    this.#change(id, { state: "running" });
    try {
      const own =
        task === "uncrop"
          ? { margins: marginsForSide(await this.#sizeOf(file), "all", growth) }
          : {};
      const { images } = await this.#restorer.restore(
        { task, image: file, options: { ...options, ...own } },
        {
          signal,
          onProgress: (progress) => {
            if (progress.kind !== "step") return;
            this.#change(id, { progress: progress.step / progress.steps });
          },
        },
      );
      const results = await Promise.all(
        images.map(async (image) => ({
          name: fileNameOf(file.name, task, saving.format, image.index),
          blob: await image.save(saving),
        })),
      );
      this.#change(id, { state: "done", progress: 1, results });
    } catch (error) {
      if (signal.aborted) this.#change(id, { state: "waiting", progress: 0 });
      else this.#change(id, { state: "failed", problem: reason(error) });
    }
  }

  async #sizeOf(file: Blob): Promise<Size> {
    const { bitmap } = await decoded(file, this.#restorer);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  }

  #change(id: number, change: Partial<BatchItem>): void {
    this.items.value = this.items.value.map((item) =>
      item.id === id ? { ...item, ...change } : item,
    );
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
