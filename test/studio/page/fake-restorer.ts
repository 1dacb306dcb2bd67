/**
 * A restorer for tests of the page: answers are the photo in a flat colour that seed and number
 * decide; of a mask, its part alone. It keeps a request over a reload of the page.
 */
import {
  type RestoredImage,
  RestoreError,
  type RestoreListeners,
  type RestoreRequest,
  type RestoreResult,
  type Restorer,
  type StudioModel,
  studioTasks,
} from "../../../src/studio/web/restorer.ts";

interface Kept extends Omit<RestoreRequest, "image" | "mask"> {
  readonly image: string;
  readonly mask?: string;
}

const modelSteps = 4;

export class FakeRestorer implements Restorer {
  /** Every request so far. */
  readonly requests: RestoreRequest[] = [];
  cancelled = 0;
  readonly #pause: number;

  /** @param pause milliseconds between steps */
  constructor(pause: number) {
    this.#pause = pause;
  }

  async models(): Promise<readonly StudioModel[]> {
    const steps = Object.fromEntries(studioTasks.map((task) => [task, modelSteps])) as Record<
      (typeof studioTasks)[number],
      number
    >;
    const shared = { resolution: 64, steps, samplers: ["ddim", "dpm++"] };
    return [
      { name: "first", tasks: studioTasks, ...shared },
      { name: "second", tasks: ["colorize"], ...shared },
    ];
  }

  async restore(request: RestoreRequest, listeners: RestoreListeners = {}): Promise<RestoreResult> {
    this.requests.push(request);
    if (request.options?.seed === 13) throw new RestoreError("The seed 13 is not lucky; take 14.");
    const id = `request-${this.requests.length}`;
    const { image, mask, ...rest } = request;
    const kept: Kept = {
      ...rest,
      image: await dataUrl(image),
      ...(mask !== undefined && { mask: await dataUrl(mask) }),
    };
    sessionStorage.setItem(`fake.${id}`, JSON.stringify(kept));
    listeners.onAccepted?.(id);
    return this.#work(request, listeners);
  }

  async resume(id: string, listeners: RestoreListeners = {}): Promise<RestoreResult | undefined> {
    const kept = sessionStorage.getItem(`fake.${id}`);
    if (kept === null) return undefined;
    const { image, mask, ...rest } = JSON.parse(kept) as Kept;
    const file = async (url: string) => new Blob([bytesOf(url)], { type: "image/png" });
    return this.#work(
      { ...rest, image: await file(image), ...(mask !== undefined && { mask: await file(mask) }) },
      listeners,
    );
  }

  async #work(
    { task, image, mask, options = {} }: RestoreRequest,
    { onProgress, signal }: RestoreListeners,
  ): Promise<RestoreResult> {
    const photo = await createImageBitmap(image);
    const hole = mask && (await createImageBitmap(mask));
    const { samples = 1, steps = modelSteps, seed = this.requests.length, margins } = options;
    const grown = { left: 0, right: 0, top: 0, bottom: 0, ...margins };
    const factor = task === "upscale" ? (options.scale ?? 2) : 1;
    const widen = task === "panorama" ? (options.widen ?? 2) : 1;
    const width = Math.round(photo.width * factor * widen) + grown.left + grown.right;
    const height = Math.round(photo.height * factor) + grown.top + grown.bottom;

    const draw = (index: number, opacity: number) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d")!;
      const colour = `hsl(${(seed * 67 + index * 90) % 360} 70% 50%)`;
      const left = grown.left + (width - grown.left - grown.right - photo.width * factor) / 2;
      const whole = [left, grown.top, photo.width * factor, photo.height * factor] as const;
      if (task === "uncrop" || task === "panorama") {
        context.fillStyle = colour;
        context.fillRect(0, 0, width, height);
        context.drawImage(photo, ...whole);
      } else if (hole !== undefined) {
        const filled = new OffscreenCanvas(width, height);
        const inner = filled.getContext("2d")!;
        inner.drawImage(hole, 0, 0);
        inner.globalCompositeOperation = "multiply";
        inner.fillStyle = colour;
        inner.fillRect(0, 0, width, height);
        context.drawImage(photo, ...whole);
        context.globalCompositeOperation = "lighten";
        context.drawImage(filled, 0, 0);
      } else {
        context.drawImage(photo, ...whole);
        context.globalAlpha = 0.5 * opacity;
        context.fillStyle = colour;
        context.fillRect(0, 0, width, height);
      }
      return canvas;
    };
    onProgress?.({ kind: "queued", place: 0 });
    for (let step = 1; step <= steps; step++) {
      await new Promise((done) => setTimeout(done, this.#pause));
      if (signal?.aborted) {
        this.cancelled++;
        throw signal.reason;
      }
      const secondsLeft = ((steps - step) * this.#pause) / 1000;
      onProgress?.({ kind: "step", step, steps, secondsLeft });
      for (let index = 0; index < samples; index++) {
        const preview = await draw(index, step / steps).convertToBlob({ type: "image/png" });
        onProgress?.({ kind: "preview", index, image: preview });
      }
    }
    const images = Array.from({ length: samples }, (_, index): RestoredImage => {
      const canvas = draw(index, 1);
      return {
        index,
        seed,
        width,
        height,
        save: ({ format, quality = 90 }) =>
          canvas.convertToBlob({ type: `image/${format}`, quality: quality / 100 }),
      };
    });
    return { images, notes: options.force ? ["Restored all the same."] : [] };
  }
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.readAsDataURL(blob);
  });
}

function bytesOf(url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
}
