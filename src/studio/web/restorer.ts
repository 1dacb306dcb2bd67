/**
 * What the page asks of whoever restores: a server by HTTP, or workers in the page itself. The page
 * knows nothing else of them.
 */

/** The ways of working, named as the commands are. */
export const studioTasks = [
  "colorize",
  "inpaint",
  "uncrop",
  "panorama",
  "dejpeg",
  "upscale",
] as const;

export type StudioTask = (typeof studioTasks)[number];

/** Those that fill: at a model's own scale first, where what is filled is large. */
export const fillingTasks: readonly StudioTask[] = ["inpaint", "uncrop", "panorama"];

/** A model that can be asked, and what it does unless it is told otherwise. */
export interface StudioModel {
  readonly name: string;
  /** Side in pixels of the squares that it was trained on. */
  readonly resolution: number;
  /** What it was trained for. */
  readonly tasks: readonly StudioTask[];
  /** Network calls an answer, by task. */
  readonly steps: Readonly<Record<StudioTask, number>>;
  /** Samplers by name; the first is the model's own. */
  readonly samplers: readonly string[];
}

/** Pixels to grow at each side of the photo, whole numbers of at least 0. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface StudioOptions {
  /** A model's name; default: the first of `models()`. */
  readonly model?: string;
  /** Answers, 1 to 16; default 1. Answer k is the same in any number of them. */
  readonly samples?: number;
  /** Network calls an answer; default: the model's for the task. */
  readonly steps?: number;
  /** A whole number; the same seed gives the same answers. Default: a new one for each request. */
  readonly seed?: number;
  readonly sampler?: string;
  /** The posterior mean in one network call: nothing is invented. */
  readonly mean?: boolean;
  /** inpaint, uncrop, panorama: whether what is filled is brought to the photo's own pixels. */
  readonly sharpen?: boolean;
  /** Restores a JPEG that is better left alone all the same. */
  readonly force?: boolean;
  /** uncrop: how far the photo grows. */
  readonly margins?: Margins;
  /** panorama: width of the answer by that of the photo, above 1 to 6. */
  readonly widen?: number;
  /** upscale: 2 to 8. */
  readonly scale?: number;
}

export interface RestoreRequest {
  readonly task: StudioTask;
  /** The file as it is: PNG, JPEG, WebP, AVIF, TIFF, GIF. */
  readonly image: Blob;
  /** inpaint: a PNG of the photo's size; what is white is filled. */
  readonly mask?: Blob;
  readonly options?: StudioOptions;
}

/** How far a request is. */
export type RestoreProgress =
  | {
      readonly kind: "queued";
      /** Requests before this one. */
      readonly place: number;
    }
  | {
      /** The model is being fetched: bytes so far and, where it is known, in all. */
      readonly kind: "model";
      readonly done: number;
      readonly total?: number;
    }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly steps: number;
      /** Estimated from the steps so far; absent before the first. */
      readonly secondsLeft?: number;
    }
  | {
      readonly kind: "preview";
      /** The answer it belongs to, from 0. */
      readonly index: number;
      /** A small JPEG or PNG of the present estimate. */
      readonly image: Blob;
    };

/** One answer. */
export interface RestoredImage {
  /** The name that `recall` finds it by after a reload of the page. */
  readonly reference?: string;
  readonly index: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /**
   * The picture in a format, all pixels of it.
   * @param quality 1 to 100, of the lossy formats
   * @param metadata whether EXIF and ICC profile of the photo are kept; default true
   */
  save(options: {
    readonly format: "png" | "jpeg" | "webp";
    readonly quality?: number;
    readonly metadata?: boolean;
  }): Promise<Blob>;
}

/** What is kept of an answer over a reload of the page. */
export type KeptImage = Omit<RestoredImage, "save">;

export interface RestoreResult {
  readonly images: readonly RestoredImage[];
  /** Lines that the user should read, such as that a file was left as it is. */
  readonly notes: readonly string[];
}

export interface RestoreListeners {
  /** Told the request's name as soon as it has one; `resume` takes it. */
  readonly onAccepted?: (id: string) => void;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Cancels the request; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A request that cannot be carried out; the message is one line that says what to do. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

export interface Restorer {
  /** The models there are; the first is the default. */
  models(): Promise<readonly StudioModel[]>;
  /**
   * A file that the browser cannot show, as a PNG that it can; requests still take the file itself.
   * Absent where nothing more than the browser's formats is read.
   * @throws RestoreError when it is no picture, broken or too large
   */
  decode?(file: Blob): Promise<Blob>;
  /** An answer of before the page was loaded anew; its `save` fails when it is gone by now. */
  recall?(image: KeptImage): RestoredImage;
  /** @throws RestoreError for what cannot be done. */
  restore(request: RestoreRequest, listeners?: RestoreListeners): Promise<RestoreResult>;
  /**
   * Goes on listening to a request that was accepted before the page was loaded anew.
   * @returns undefined when it is unknown by now
   */
  resume(id: string, listeners?: RestoreListeners): Promise<RestoreResult | undefined>;
}
