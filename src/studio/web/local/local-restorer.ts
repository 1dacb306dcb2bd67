/** Restoring in the page itself. */
import { omitUndefined } from "../../../util/omit-undefined.ts";
import { withExif } from "../../../web/exif.ts";
import { expectedSteps, studioModelOf } from "../../restoring/tasks.ts";
import { text } from "../i18n/index.ts";
import {
  type KeptImage,
  type RestoredImage,
  RestoreError,
  type RestoreListeners,
  type RestoreRequest,
  type RestoreResult,
  type Restorer,
  type StudioModel,
} from "../restorer.ts";
import { Answers, type StoredAnswer } from "./answers.ts";
import type { LocalStudio } from "./local-studio.ts";
import type { LocalAnswer, OrderProgress } from "./messages.ts";
import type { ShelfModel } from "./shelf.ts";

type Progress = Parameters<NonNullable<RestoreListeners["onProgress"]>>[0];

export class LocalRestorer implements Restorer {
  readonly #local: LocalStudio;
  readonly #answers = new Answers();

  constructor(local: LocalStudio) {
    this.#local = local;
  }

  async models(): Promise<readonly StudioModel[]> {
    const models = await this.#local.listModels();
    return models.map(({ name, config }) => ({ ...studioModelOf(config), name }));
  }

  async restore(request: RestoreRequest, listeners: RestoreListeners = {}): Promise<RestoreResult> {
    const { task, image, mask, options = {} } = request;
    const { signal, onProgress, onAccepted } = listeners;
    const model = this.#model(options.model);
    const id = crypto.randomUUID();
    onAccepted?.(id);
    const { device } = await this.#local.deviceChoice();
    signal?.throwIfAborted();
    const seed = options.seed ?? randomSeed();
    const steps = expectedSteps(task, options, studioModelOf(model.config));
    const answers: LocalAnswer[] = [];
    const work = { task, image, options: { ...options, seed }, model: model.place, device, steps };
    const { notes, exif } = await this.#local.thread.ask(
      { restore: { ...work, ...omitUndefined({ mask }) } },
      {
        signal,
        onPlace: (place) => onProgress?.({ kind: "queued", place }),
        onProgress: (progress) => {
          if ("answer" in progress) answers.push(progress.answer);
          else onProgress?.(progressOf(progress));
        },
      },
    );
    if (!model.kept) await this.#local.listModels();
    const images = answers.map(({ png, ...size }) => {
      const stored = { png, ...omitUndefined({ exif }) };
      const reference = `${id}/${size.index}`;
      const kept = this.#answers.keep(reference, stored);
      return imageOf({ reference, seed, ...size }, async () => {
        await kept;
        return stored;
      });
    });
    return { images, notes };
  }

  /** What was computed ended with the page. */
  async resume(): Promise<RestoreResult | undefined> {
    throw new RestoreError(text.value.local.interrupted);
  }

  recall(image: KeptImage): RestoredImage {
    return imageOf(image, async () => {
      const stored = await this.#answers.find(image.reference ?? "");
      if (stored !== undefined) return stored;
      throw new RestoreError("The browser no longer keeps this answer.");
    });
  }

  #model(name: string | undefined): ShelfModel {
    const models = this.#local.models.value;
    const found = models.find((model) => model.name === name) ?? models[0];
    if (found === undefined || (name !== undefined && found.name !== name)) {
      throw new RestoreError(text.value.local.noModel);
    }
    return found;
  }
}

function randomSeed(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) >>> 1;
}

function progressOf(progress: Exclude<OrderProgress, { answer: LocalAnswer }>): Progress {
  if ("fetched" in progress) return { kind: "model", ...progress.fetched };
  if ("preview" in progress) {
    return { kind: "preview", index: progress.index, image: progress.preview };
  }
  return { kind: "step", ...progress };
}

function imageOf(about: KeptImage, find: () => Promise<StoredAnswer>): RestoredImage {
  return {
    ...about,
    async save({ format, quality = 95, metadata = true }) {
      const { png, exif } = await find();
      const file = format === "png" ? png : await encoded(png, format, quality);
      return metadata && exif !== undefined ? withExif(file, exif, about) : file;
    },
  };
}

async function encoded(png: Blob, format: "jpeg" | "webp", quality: number): Promise<Blob> {
  const bitmap = await createImageBitmap(png);
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new RestoreError(`${width}x${height} pixels are too many; use png.`);
  if (format === "jpeg") {
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const type = `image/${format}`;
  const file = await canvas.convertToBlob({ type, quality: quality / 100 });
  if (file.type !== type) throw new RestoreError(`This browser writes no ${format}; use png.`);
  return file;
}
