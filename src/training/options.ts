/** What a training may be told, and what it tells. */
import type { Precision } from "../graph/index.ts";
import type { Device } from "../runtime/runtime.ts";
import type { StatsLine } from "./platform.ts";
import type { ValidationLoss } from "./validation-set.ts";

/** How long to train, how often and to whom to report: nothing here changes the weights. */
export interface TrainingOptions {
  /** Stop when at least so many images have been seen, in all sessions together. */
  readonly images?: number;
  /** Stop after so many hours of training, in all sessions together. */
  readonly hours?: number;
  readonly checkpointEvery?: { readonly minutes: number } | { readonly images: number };
  /** Images between lines of stats.jsonl. */
  readonly statsEvery?: number;
  /** Images between held-out losses. */
  readonly heldOutEvery?: number;
  /** Images between sheets of samples. */
  readonly samplesEvery?: number;
  /**
   * Whether a new run first looks at the weights it begins with: held-out loss and sheet of samples
   * after 0 images, to compare later ones with. Default false.
   */
  readonly validateFirst?: boolean;
  /** Whether the run ends with held-out losses and a sheet of samples; true unless given. */
  readonly lastValidation?: boolean;
  readonly device?: Device;
  /**
   * "float16" (default "float32"): maps and products of the training graph have 16 bits, on a GPU
   * that can (shader-f16). Weights, optimizer and checkpoints stay float32. Not verified on a GPU.
   */
  readonly precision?: Precision;
  /**
   * Aborting saves and ends the training; an update or a validation pass that is under way is given
   * up.
   */
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

/** Listens to a training. */
export interface Reporter {
  /** Something happened that is worth a line. */
  line(text: string): void;
  /** An update was made. */
  progress(progress: Progress): void;
  /** Of something that may take long, `done` of `total` are done; it begins with 0. */
  part?(what: string, done: number, total: number): void;
  /** Something goes on whose length is not known. Gives what the work gives. */
  waiting?<T>(what: string, work: Promise<T>): Promise<T>;
  /** A line of statistics was recorded. */
  recorded?(line: StatsLine & Readonly<Record<string, unknown>>): void;
  /** A sheet of samples of the weights after so many images was kept under this name. */
  sheet?(images: number, name: string): void;
}

export interface Progress {
  readonly images: number;
  /** Loss of each image of the update, weighted as in training, and its task. */
  readonly losses: readonly number[];
  readonly tasks: readonly string[];
  readonly gradientNorm: number;
  readonly clock: Clock;
}

/** What has gone by. */
export interface Clock {
  /** Seconds of training in all sessions, and in this one. */
  readonly seconds: number;
  readonly session: number;
  /** Images of this session. */
  readonly seen: number;
  /** Seconds of this session spent waiting for data. */
  readonly waited: number;
}

export interface TrainingOutcome {
  /** Which limit was reached, or "stopped" by the signal. */
  readonly end: "images" | "hours" | "stopped";
  readonly images: number;
  readonly steps: number;
  /** Seconds of training in all sessions. */
  readonly seconds: number;
  /** Images of this session. */
  readonly seen: number;
  readonly skippedPhotos: number;
  /** Where the averaged weights are: a folder in Node. */
  readonly model: string;
  readonly validationLoss?: ValidationLoss;
}

export type Intervals = Required<
  Pick<TrainingOptions, "checkpointEvery" | "statsEvery" | "heldOutEvery" | "samplesEvery">
>;

export const defaultIntervals: Intervals = {
  checkpointEvery: { minutes: 10 },
  statsEvery: 500,
  heldOutEvery: 5000,
  samplesEvery: 10_000,
};
