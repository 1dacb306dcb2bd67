/** Restoring by the studio's server. */
import { omitUndefined } from "../../util/omit-undefined.ts";
import { ApiError, type Job, type JobEvent, type StudioClient } from "../client/index.ts";
import type { FolderPhoto, PhotoFolder } from "./folder.ts";
import {
  type KeptImage,
  type RestoredImage,
  RestoreError,
  type RestoreListeners,
  type RestoreRequest,
  type RestoreResult,
  type Restorer,
  type StudioModel,
} from "./restorer.ts";

type SaveOptions = Parameters<RestoredImage["save"]>[0];

/** An answer that lies on the server, by its job. */
interface ServerImage extends RestoredImage {
  readonly reference: string;
}

export class HttpRestorer implements Restorer {
  readonly #client: StudioClient;

  constructor(client: StudioClient) {
    this.#client = client;
  }

  models(): Promise<readonly StudioModel[]> {
    return told(this.#client.models());
  }

  recall({ reference = "", ...image }: KeptImage): RestoredImage {
    return this.#image(reference, image);
  }

  decode(file: Blob): Promise<Blob> {
    return told(this.#client.picture(file));
  }

  async restore(request: RestoreRequest, listeners: RestoreListeners = {}): Promise<RestoreResult> {
    const { id } = await told(this.#submit(request, listeners.signal));
    listeners.onAccepted?.(id);
    return told(this.#listen(id, listeners));
  }

  async resume(id: string, listeners: RestoreListeners = {}): Promise<RestoreResult | undefined> {
    try {
      return await this.#listen(id, listeners);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 410)) return;
      return told(Promise.reject(error));
    }
  }

  /** Hands a job in. One that is given up on the way is cancelled once its name is known. */
  #submit(request: RestoreRequest, signal: AbortSignal | undefined): Promise<Job> {
    const job = this.#client.submit(request);
    if (signal === undefined) return job;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        reject(signal.reason);
        job.then(({ id }) => this.#client.cancel(id)).catch(() => {});
      };
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      job.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  async #listen(id: string, { signal, onProgress }: RestoreListeners): Promise<RestoreResult> {
    // The server is told at once, whatever the connection of the events does.
    const cancel = () => void this.#client.cancel(id).catch(() => {});
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      signal?.throwIfAborted();
      for await (const event of this.#client.events(id, omitUndefined({ signal }))) {
        signal?.throwIfAborted();
        if (event.event === "failed") throw new RestoreError(event.data.detail);
        if (event.event === "done") return this.#resultOf(event.data);
        onProgress?.(progressOf(event));
      }
      throw new RestoreError("The server ended without an answer; ask again.");
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  #resultOf({ id, results, notes }: Job): RestoreResult {
    return { images: results.map((result) => this.#image(id, result)), notes };
  }

  #image(job: string, { index, seed, width, height }: Omit<KeptImage, "reference">): ServerImage {
    return {
      reference: job,
      index,
      seed,
      width,
      height,
      save: ({ metadata, ...options }) =>
        told(
          this.#client.result(job, index, {
            ...omitUndefined(options),
            ...(metadata !== undefined && { metadata: metadata ? "keep" : "strip" }),
          }),
        ),
    };
  }
}

/** Of the folder's photos in the strip, for screens of two pixels a point. */
const thumbnailWidth = 256;

/** The folder that the server was started with, if any. */
export async function serverFolder(client: StudioClient): Promise<PhotoFolder | undefined> {
  const { folder } = await client.health();
  if (!folder) return undefined;
  const { name, photos } = await client.folder();
  return {
    name,
    photos: photos.map(({ id, name, url }) => ({
      id,
      name,
      thumbnail: `${url}?width=${thumbnailWidth}`,
    })),
    open: (photo: FolderPhoto) => told(client.folderPhoto(photo.id)),
    save(image, beside, { format, quality, metadata }: SaveOptions) {
      const { reference: job, index } = image as ServerImage;
      return told(
        client.saveToFolder({
          job,
          index,
          beside: beside.id,
          format,
          ...omitUndefined({ quality }),
          ...(metadata !== undefined && { metadata: metadata ? "keep" : "strip" }),
        }),
      );
    },
  };
}

type Progress = Parameters<NonNullable<RestoreListeners["onProgress"]>>[0];

function progressOf(event: Exclude<JobEvent, { event: "done" | "failed" }>): Progress {
  switch (event.event) {
    case "queued":
      return { kind: "queued", place: event.data.place };
    case "step":
      return { kind: "step", ...event.data };
    case "preview": {
      const { index, type, data } = event.data;
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      return { kind: "preview", index, image: new Blob([bytes], { type }) };
    }
  }
}

/** The server's refusals as the page's. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError) throw new RestoreError(error.message);
    throw error;
  }
}
