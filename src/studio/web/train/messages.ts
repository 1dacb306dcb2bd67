/** Between the page and the worker that trains. */
import type { WebDevice } from "../../../runtime/web/choose-device.ts";
import type { StatsLine } from "../../../training/platform.ts";

/** A model that the worker can open. */
export type StartPlace =
  | { readonly address: string; readonly digest?: string }
  | { readonly kept: string };

/** What a training begins with: a model's weights, or fresh ones of a preset. */
export type Start =
  | { readonly model: string; readonly place: StartPlace }
  | { readonly preset: string };

export type Limit = { readonly images: number } | { readonly minutes: number };

export interface TrainChoices {
  readonly start: Start;
  /** Names, as commands have them. */
  readonly tasks: readonly string[];
  readonly limit: Limit;
  readonly device: WebDevice;
  readonly threads: number;
}

export type TrainOrder =
  | { readonly do: "look" }
  | { readonly do: "add"; readonly files: readonly File[] }
  | { readonly do: "train"; readonly choices: TrainChoices }
  | { readonly do: "stop" }
  | { readonly do: "discard" }
  | { readonly do: "model" };

/** A line of statistics; a run's first has no loss of training. */
export interface LossLine extends StatsLine {
  readonly lossByTask?: Readonly<Record<string, number>>;
  readonly validationLoss?: number;
}

/** A training that is kept, running or not. */
export interface KeptTraining {
  readonly choices: TrainChoices;
  /** Seen at its last checkpoint. */
  readonly images: number;
  /** Held-out loss when it was stopped last. */
  readonly heldOut?: HeldOut;
}

export interface HeldOut {
  readonly images: number;
  readonly loss: number;
}

export interface Sheet {
  /** Of the weights after so many. */
  readonly images: number;
  readonly file: Blob;
}

export type TrainNews =
  | {
      /** What is kept, told first. */
      readonly found: {
        readonly photos: number;
        readonly training?: KeptTraining;
        readonly lines: readonly LossLine[];
        readonly sheets: readonly Sheet[];
      };
    }
  | { readonly adding: { readonly done: number; readonly total: number } }
  | { readonly photo: { readonly thumbnail: Blob } }
  | { readonly leftOut: { readonly name: string } | { readonly tooMany: number } }
  | {
      readonly progress: {
        readonly images: number;
        readonly perSecond: number;
        readonly secondsLeft?: number;
      };
    }
  | { readonly part: { readonly what: "preparing" | "looking"; readonly share?: number } }
  | { readonly line: LossLine }
  | { readonly sheet: Sheet }
  | {
      readonly ended: {
        readonly end: "images" | "hours" | "stopped";
        readonly images: number;
        readonly heldOut?: HeldOut;
      };
    }
  | { readonly discarded: true }
  /** The files of the model's folder. */
  | { readonly model: readonly File[] }
  | { readonly failed: string };

/** Photos of a training. */
export const [leastPhotos, mostPhotos] = [5, 500] as const;
