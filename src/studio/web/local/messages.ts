/** Between the page and the worker that restores. */
import type { DeviceChoice, WebDevice } from "../../../runtime/web/choose-device.ts";
import type { StudioOptions, StudioTask } from "../restorer.ts";

/** Where a model's files are. */
export type ModelPlace =
  | {
      /** The whole address of its folder. */
      readonly address: string;
      /** SHA-256 of the weights, where it is known. */
      readonly digest?: string;
    }
  | {
      /** Of a model that the browser keeps. */
      readonly kept: string;
    }
  | {
      /** A model that was opened from files and that there was no room for. */
      readonly opened: number;
    };

/** A model that was fetched or opened from files. */
export interface ArrivedModel {
  readonly place: ModelPlace;
  /** config.json as it was parsed. */
  readonly config: import("../../../models/config.ts").ModelConfig;
  readonly bytes: number;
  readonly digest?: string;
  readonly kept: boolean;
}

export interface LocalWork {
  readonly task: StudioTask;
  readonly image: Blob;
  readonly mask?: Blob;
  readonly options: StudioOptions & { readonly seed: number };
  readonly model: ModelPlace;
  readonly device: WebDevice;
  /** Network calls an answer, as far as is known. */
  readonly steps: number;
}

export type Order =
  | { readonly restore: LocalWork }
  | { readonly fetch: ModelPlace }
  | { readonly open: readonly File[] }
  | { readonly choose: WebDevice | "auto" };

export type OrderMessage =
  | { readonly id: number; readonly order: Order }
  | { readonly cancel: number };

/** One answer, all pixels of it as a PNG file. */
export interface LocalAnswer {
  readonly index: number;
  readonly png: Blob;
  readonly width: number;
  readonly height: number;
}

/** How far an order is. */
export type OrderProgress =
  | { readonly fetched: { readonly done: number; readonly total?: number } }
  | { readonly step: number; readonly steps: number; readonly secondsLeft?: number }
  | { readonly preview: Blob; readonly index: number }
  | { readonly answer: LocalAnswer };

export interface Restored {
  readonly notes: readonly string[];
  /** The EXIF block of the photo. */
  readonly exif?: Uint8Array;
}

/** What comes back of an order. */
export interface Results {
  readonly restore: Restored;
  readonly fetch: ArrivedModel;
  readonly open: ArrivedModel;
  readonly choose: DeviceChoice;
}

export type OrderReply = { readonly id: number } & (
  | { readonly progress: OrderProgress }
  | { readonly result: Results[keyof Results] }
  | {
      readonly failure: string;
      /** Whether it is a line for the user, or a bug. */
      readonly expected: boolean;
    }
);
