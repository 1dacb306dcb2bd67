/** What carries out a job, one at a time. */
import type { StudioOptions, StudioTask } from "../web/restorer.ts";

export interface RestoreWork {
  readonly task: StudioTask;
  /** A model's folder. */
  readonly model: string;
  /** The files as they came. */
  readonly image: Uint8Array;
  readonly mask?: Uint8Array;
  readonly options: StudioOptions & { readonly seed: number };
  /** Network calls an answer, as far as is known. */
  readonly steps: number;
}

/** One answer, as a PNG file of all its pixels. */
export interface Answer {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What the photo's file says beside its pixels, and an answer may say too. */
export interface PhotoMetadata {
  /** The EXIF block as it is. */
  readonly exif?: Uint8Array;
  /** Whether the photo had a colour profile: its answers, which are sRGB, then have sRGB's. */
  readonly profile?: boolean;
}

export interface RestoredWork {
  readonly answers: readonly Answer[];
  readonly metadata: PhotoMetadata;
  /** Lines for whoever asked. */
  readonly notes: readonly string[];
}

export interface StepProgress {
  readonly step: number;
  readonly steps: number;
  readonly secondsLeft?: number;
}

export interface WorkListeners {
  readonly signal: AbortSignal;
  onStep(progress: StepProgress): void;
  /** A small JPEG of the estimate of answer `index`. */
  onPreview(index: number, jpeg: Uint8Array): void;
}

export interface Executor {
  /**
   * Settles soon after the signal is aborted, and then takes other work.
   * @throws PaletteError for what is the request's fault, the signal's reason when aborted.
   */
  run(work: RestoreWork, listeners: WorkListeners): Promise<RestoredWork>;
  close(): Promise<void>;
}
