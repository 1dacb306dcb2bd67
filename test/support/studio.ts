/** Studios on free ports, with executors that compute nothing unless others are given. */
import { readPhoto } from "../../src/node/decode-image.ts";
import { encodeImage } from "../../src/node/encode-image.ts";
import { saveModel } from "../../src/node/model-folder.ts";
import { sharp } from "../../src/node/sharp.ts";
import { StudioClient, type StudioClientOptions } from "../../src/studio/client/index.ts";
import type {
  Executor,
  RestoredWork,
  RestoreWork,
  WorkListeners,
} from "../../src/studio/server/executor.ts";
import {
  type StudioServer,
  type StudioServerOptions,
  startStudio,
} from "../../src/studio/server/server.ts";
import { randomModel, smallestNetwork } from "../random-model.ts";

/** A picture's file of one colour. */
export async function pictureFile(
  width = 8,
  height = 6,
  format: "png" | "jpeg" | "webp" = "png",
): Promise<Buffer> {
  const picture = sharp({ create: { width, height, channels: 3, background: "#2080c0" } });
  return picture.toFormat(format).toBuffer();
}

/** Works wait until `finish` lets the first of them go on. */
export class HandOperated implements Executor {
  readonly works: { work: RestoreWork; listeners: WorkListeners }[] = [];
  private readonly waiting: ((failure?: Error) => void)[] = [];
  private arrivals: (() => void)[] = [];

  async run(work: RestoreWork, listeners: WorkListeners): Promise<RestoredWork> {
    this.works.push({ work, listeners });
    for (const arrived of this.arrivals.splice(0)) arrived();
    await new Promise<void>((resolve, reject) => {
      const end = (failure?: Error) => (failure === undefined ? resolve() : reject(failure));
      this.waiting.push(end);
      listeners.signal.addEventListener("abort", () => {
        this.waiting.splice(this.waiting.indexOf(end), 1);
        reject(listeners.signal.reason);
      });
    });
    return restoredAtOnce(work);
  }

  /** Lets the first work end. */
  finish(failure?: Error): void {
    this.waiting.shift()?.(failure);
  }

  /** Resolves when so many works have begun. */
  async begun(count: number): Promise<void> {
    while (this.works.length < count) {
      await new Promise<void>((resolve) => this.arrivals.push(resolve));
    }
  }

  async close(): Promise<void> {}
}

/** Answers at once with the photo itself. */
export const atOnce: Executor = { run: restoredAtOnce, close: async () => {} };

async function restoredAtOnce({ image, options }: RestoreWork): Promise<RestoredWork> {
  const { image: upright } = await readPhoto(image, "The photo");
  const { width, height } = upright;
  const png = await encodeImage(upright, "png");
  const { exif, icc } = await sharp(image).metadata();
  return {
    answers: Array.from({ length: options.samples ?? 1 }, () => ({ png, width, height })),
    notes: [],
    metadata: { ...(exif && { exif }), profile: icc !== undefined },
  };
}

export interface TestStudio extends StudioServer {
  client(options?: StudioClientOptions): StudioClient;
}

/** Runs `work` with a studio, and stops it. */
export async function withStudio<T>(
  options: Partial<StudioServerOptions> & { readonly models: readonly string[] },
  work: (studio: TestStudio) => Promise<T>,
): Promise<T> {
  const server = await startStudio({ version: "0", port: 0, executors: [atOnce], ...options });
  const client = (more?: StudioClientOptions) => new StudioClient({ url: server.url, ...more });
  try {
    return await work({ ...server, client });
  } finally {
    await server.stop(0);
  }
}

/** The saved folder of a model that answers at once, with noise. */
export async function savedModel(folder: string): Promise<string> {
  const tasks = ["colorize", "inpaint", "uncrop", "dejpeg", "sharpen"];
  await saveModel(folder, randomModel({ tasks }, smallestNetwork));
  return folder;
}
