/** The studio's HTTP API for programs and pages: fetch and its streams, nothing else. */
import type { Folder, Health, Job, JobEvent, Save } from "../api/messages.ts";
import type { FolderQuery, ResultQuery } from "../api/options.ts";
import { paths } from "../api/paths.ts";
import type { RestoreRequest, StudioModel } from "../web/restorer.ts";
import { ApiError, errorOf } from "./api-error.ts";
import { eventsOf } from "./event-stream.ts";

export interface StudioClientOptions {
  /** Where the server is, such as "http://127.0.0.1:7860"; default: the page's own. */
  readonly url?: string;
  /** The word of `palette studio --token`. */
  readonly token?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface EventOptions extends CallOptions {
  /** Goes on behind this event. */
  readonly lastEventId?: string;
}

/** Pauses before the stream of events is opened again, in ms; after the last it is given up. */
const reconnections = [200, 500, 1000, 2000, 4000, 8000] as const;

/** Every method throws `ApiError` for what the server refuses, and the signal's reason. */
export class StudioClient {
  private readonly url: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly fetch: typeof fetch;

  constructor({ url = "", token, headers, fetch = globalThis.fetch }: StudioClientOptions = {}) {
    this.url = url.replace(/\/$/, "");
    this.headers = { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    this.fetch = (...call) => fetch(...call);
  }

  /** The models there are; the first is the default. */
  async models(options?: CallOptions): Promise<StudioModel[]> {
    const { models } = await this.json<{ models: StudioModel[] }>(paths.models, options);
    return models;
  }

  /** How the server is, and its limits. */
  health(options?: CallOptions): Promise<Health> {
    return this.json(paths.health, options);
  }

  /** Hands in a job. It is cancelled when nobody listens to it or asks for it for half a minute. */
  submit(request: RestoreRequest, { signal }: CallOptions = {}): Promise<Job> {
    return this.json(paths.jobs, { method: "POST", body: formOf(request), signal });
  }

  job(id: string, options?: CallOptions): Promise<Job> {
    return this.json(paths.job(id), options);
  }

  /**
   * What happens to a job, until it is done or failed; the first event says how it is now. A
   * connection that breaks is opened again behind the last event.
   */
  async *events(id: string, { signal, lastEventId }: EventOptions = {}): AsyncGenerator<JobEvent> {
    let last = lastEventId;
    for (let failures = 0; ; failures++) {
      try {
        const headers = {
          accept: "text/event-stream",
          ...(last !== undefined && { "last-event-id": last }),
        };
        const response = await this.request(paths.events(id), { headers, signal });
        for await (const { event, data, id: number } of eventsOf(response.body!)) {
          last = number ?? last;
          failures = 0;
          yield { event, data: JSON.parse(data) } as JobEvent;
          if (event === "done" || event === "failed") return;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ApiError && error.status > 0 && error.status < 500) throw error;
        if (failures >= reconnections.length) throw error;
      }
      await waited(reconnections[Math.min(failures, reconnections.length - 1)]!, signal);
    }
  }

  /** An answer of a job that is done. */
  async result(
    id: string,
    index: number,
    { signal, ...query }: ResultQuery & CallOptions = {},
  ): Promise<Blob> {
    const response = await this.request(paths.result(id, index) + queryOf(query), { signal });
    return response.blob();
  }

  /** Cancels a job, or forgets its answers; without complaint when it is unknown. */
  async cancel(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.request(paths.job(id), { method: "DELETE", signal }).catch((error) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  /**
   * All in one request; the job is cancelled when the signal ends it.
   * @returns the answer's file; of several answers the job, whose results say where they are
   */
  async restore(
    request: RestoreRequest,
    { signal, ...query }: ResultQuery & CallOptions = {},
  ): Promise<Blob | Job> {
    const response = await this.request(paths.task(request.task) + queryOf(query), {
      method: "POST",
      body: formOf(request, false),
      signal,
    });
    const isJob = response.headers.get("content-type")?.startsWith("application/json");
    return isJob ? ((await response.json()) as Job) : response.blob();
  }

  /** A picture of any format that the server reads, as a PNG that browsers show. */
  async picture(image: Blob, { signal }: CallOptions = {}): Promise<Blob> {
    const form = new FormData();
    form.set("image", image, "image");
    return (await this.request(paths.pictures, { method: "POST", body: form, signal })).blob();
  }

  /** The photos of the server's folder. */
  folder(options?: CallOptions): Promise<Folder> {
    return this.json(paths.folder, options);
  }

  /** A photo of the server's folder, as the file is, or small. */
  async folderPhoto(
    id: string,
    { signal, ...query }: FolderQuery & CallOptions = {},
  ): Promise<Blob> {
    return (await this.request(paths.folderPhoto(id) + queryOf(query), { signal })).blob();
  }

  /** Saves an answer beside a photo of the folder, under a new name, which is returned. */
  async saveToFolder(save: Save, { signal }: CallOptions = {}): Promise<string> {
    const { name } = await this.json<{ name: string }>(paths.folder, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(save),
      signal,
    });
    return name;
  }

  private async json<T>(path: string, init: RequestOptions = {}): Promise<T> {
    return (await (await this.request(path, init)).json()) as T;
  }

  private async request(path: string, init: RequestOptions = {}): Promise<Response> {
    const { signal, ...rest } = init;
    const headers = { ...this.headers, ...init.headers };
    let response: Response;
    try {
      response = await this.fetch(this.url + path, { ...rest, headers, signal: signal ?? null });
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ApiError(0, `The server cannot be reached (${reason}); is it still running?`);
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

interface RequestOptions extends CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

function formOf({ task, image, mask, options }: RestoreRequest, withTask = true): FormData {
  const form = new FormData();
  if (withTask) form.set("task", task);
  form.set("image", image, "image");
  if (mask !== undefined) form.set("mask", mask, "mask");
  if (options !== undefined) form.set("options", JSON.stringify(options));
  return form;
}

function queryOf(query: ResultQuery | FolderQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function waited(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
