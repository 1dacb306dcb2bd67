/**
 * The worker in which photos are decoded and restored: the page stays free. The engines are workers
 * of its own. It takes one order at a time.
 */
import type { Image } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";
import type { ModelConfig } from "../../../models/config.ts";
import { chooseDevice } from "../../../runtime/web/choose-device.ts";
import { webRuntime } from "../../../runtime/web/index.ts";
import { PaletteError, reasonOf } from "../../../util/errors.ts";
import { giveBack } from "../../../util/give-back.ts";
import { omitUndefined } from "../../../util/omit-undefined.ts";
import {
  type BrowserModel,
  fetchModel,
  openModelFiles,
  openStoredModel,
} from "../../../web/model-store.ts";
import { Palette } from "../../../web/palette.ts";
import { Clock } from "../../restoring/clock.ts";
import { Previews } from "../../restoring/previews.ts";
import { restorePhoto } from "../../restoring/restore-photo.ts";
import { threadsFor } from "./fit.ts";
import type {
  ArrivedModel,
  LocalWork,
  ModelPlace,
  Order,
  OrderMessage,
  OrderProgress,
  OrderReply,
  Restored,
  Results,
} from "./messages.ts";
import { pngOf, readMask, readPhoto, smallJpeg } from "./pictures.ts";

interface Loaded {
  readonly name: string;
  readonly palette: Palette;
  /** Engines side by side. */
  readonly threads: number;
}

interface Told {
  readonly signal: AbortSignal;
  readonly tell: (progress: OrderProgress) => void;
}

let current: { readonly id: number; readonly controller: AbortController } | undefined;
let loaded: Loaded | undefined;
/** Models that the browser had no room for. */
const opened: BrowserModel[] = [];

self.addEventListener("message", ({ data }: MessageEvent<OrderMessage>) => {
  if (!("cancel" in data)) void answer(data.id, data.order);
  else if (current?.id === data.cancel) current.controller.abort();
});

async function answer(id: number, order: Order): Promise<void> {
  const controller = new AbortController();
  current = { id, controller };
  try {
    const result = await carryOut(order, {
      signal: controller.signal,
      tell: (progress) => reply({ id, progress }),
    });
    reply({ id, result });
  } catch (thrown) {
    reply({ id, failure: reasonOf(thrown), expected: thrown instanceof PaletteError });
  } finally {
    current = undefined;
  }
}

function reply(message: OrderReply): void {
  self.postMessage(message);
}

async function carryOut(order: Order, told: Told): Promise<Results[keyof Results]> {
  if ("restore" in order) return restore(order.restore, told);
  if ("choose" in order) return chooseDevice({ device: order.choose });
  if ("open" in order) return arrived(await openModelFiles(order.open));
  return arrived(await modelAt(order.fetch, told), order.fetch);
}

function arrived(model: BrowserModel, from?: ModelPlace): ArrivedModel {
  const { config, bytes, digest, kept } = model;
  const place = from ?? (kept && digest ? { kept: digest } : { opened: opened.push(model) - 1 });
  return { place, config, bytes, kept, ...omitUndefined({ digest }) };
}

async function modelAt(place: ModelPlace, { signal, tell }: Told): Promise<BrowserModel> {
  if ("kept" in place) return openStoredModel(place.kept);
  if ("address" in place) {
    return fetchModel(place.address, {
      ...omitUndefined({ digest: place.digest }),
      signal,
      onProgress: (fetched) => tell({ fetched }),
    });
  }
  const model = opened[place.opened];
  if (model !== undefined) return model;
  throw new PaletteError("The model is gone from memory: open its files again.");
}

/**
 * One model is in memory; another one takes its place. As many engines compute side by side as the
 * request leaves room for.
 */
async function paletteFor(work: LocalWork, photo: Size, told: Told): Promise<Palette> {
  const { model: place, device, task, options } = work;
  const name = JSON.stringify([place, device]);
  const engines = (config: ModelConfig) =>
    device === "cpu" ? threadsFor({ task, photo, options }, config, webRuntime.cores) : 1;
  if (loaded?.name === name) {
    const room = engines(loaded.palette.config);
    // More are worth the time to prepare them when they are twice as many.
    if (loaded.threads <= room && 2 * loaded.threads > room) return loaded.palette;
  }
  const model = await modelAt(place, told);
  await loaded?.palette.dispose();
  loaded = undefined;
  const threads = engines(model.config);
  // What does not fit was said before, and is tried; what the model was not trained for is said by
  // the list of models.
  const unlimited = { memoryBudget: Number.POSITIVE_INFINITY, onWarning() {} };
  const palette = await Palette.load(model, { device, threads, ...unlimited });
  loaded = { name, palette, threads };
  return palette;
}

async function restore(work: LocalWork, told: Told): Promise<Restored> {
  const { task, options, mask } = work;
  const { signal, tell } = told;
  const { exif, orientation, ...photo } = await readPhoto(work.image);
  signal.throwIfAborted();
  const palette = await paletteFor(work, photo.image, told);
  signal.throwIfAborted();
  const clock = new Clock(work.steps, tell);
  const encode = async (image: Image) => {
    const preview = await smallJpeg(image);
    giveBack(image.data);
    return preview;
  };
  const previews = new Previews(encode, (index, preview) => tell({ index, preview }));
  const { images, alpha, notes } = await restorePhoto(
    palette,
    {
      task,
      photo,
      options,
      ...(mask && { mask: () => readMask(mask, photo.image, orientation) }),
    },
    {
      signal,
      async onStep(progress) {
        clock.step(progress.step, progress.steps);
        await previews.step(progress);
      },
      onTiles: (done, tiles) => clock.part(done / tiles),
    },
  );
  let index = 0;
  for await (const image of images) {
    signal.throwIfAborted();
    const { width, height } = image;
    tell({ answer: { index: index++, png: await pngOf(image, alpha), width, height } });
    if (image !== photo.image) giveBack(image.data);
  }
  return { notes, ...omitUndefined({ exif }) };
}
