/** What the page keeps for the next visit: settings of requests, of saving and of its looks. */
import { effect, type Signal, signal } from "@preact/signals";

export const formats = ["png", "jpeg", "webp"] as const;
export type Format = (typeof formats)[number];

export interface Settings {
  /** Answers a request, 1 to 8. */
  readonly samples: number;
  /** Network calls an answer; undefined: the model's own number. */
  readonly steps?: number | undefined;
  /** A fixed seed; undefined: a new one for each request. */
  readonly seed?: number | undefined;
  readonly sampler?: string | undefined;
  readonly mean: boolean;
  /** Whether what is filled is brought to the photo's own pixels, where the model can. */
  readonly sharpen: boolean;
  readonly model?: string | undefined;
  readonly format: Format;
  /** 1 to 100, of JPEG and WebP. */
  readonly quality: number;
  /** Whether EXIF and the colour profile are kept. */
  readonly metadata: boolean;
  /** undefined: as the system has it. */
  readonly theme?: "light" | "dark" | undefined;
  /** undefined: the browser's. */
  readonly language?: string | undefined;
}

export const defaultSettings: Settings = {
  samples: 2,
  mean: false,
  sharpen: true,
  format: "png",
  quality: 90,
  metadata: true,
};

const key = "studio.settings";

/** The settings of the last visit; every change is kept. */
export function keptSettings(storage: Storage): Signal<Settings> {
  const settings = signal<Settings>({ ...defaultSettings, ...read(storage) });
  effect(() => {
    try {
      storage.setItem(key, JSON.stringify(settings.value));
    } catch {
      // A full or forbidden storage keeps nothing; the page works all the same.
    }
  });
  return settings;
}

function read(storage: Storage): Partial<Settings> {
  try {
    const kept: unknown = JSON.parse(storage.getItem(key) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
