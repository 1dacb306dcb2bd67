/** The page's end of its training: what is chosen, how far it is, and what came of it. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { ModelConfig } from "../../../models/config.ts";
import type { WebDevice } from "../../../runtime/web/choose-device.ts";
import {
  type HeldOut,
  type KeptTraining,
  type Limit,
  type LossLine,
  leastPhotos,
  type Sheet,
  type Start,
  type StartPlace,
  type TrainNews,
  type TrainOrder,
} from "./messages.ts";

/** A model that a training can begin with. */
export interface StartModel {
  readonly name: string;
  readonly config: ModelConfig;
  readonly place: StartPlace;
}

export interface TrainerParts {
  /** The page's models, the default first. */
  readonly models: ReadonlySignal<readonly StartModel[]>;
  /** Where to compute. */
  device(): Promise<WebDevice>;
  /** Resolves when a worker may be started. */
  ready(): Promise<unknown>;
}

export interface ShownSheet {
  readonly images: number;
  readonly address: string;
}

/** What was left out of the photos. */
export type LeftOut = { readonly name: string } | { readonly tooMany: number };

type Progress = Extract<TrainNews, { progress: unknown }>["progress"];
type Part = Extract<TrainNews, { part: unknown }>["part"];

/** Fresh networks that a browser trains in minutes and in hours. */
export const freshPresets = ["tiny-32", "small-64"] as const;
/** More replicas than this take more memory than a tab should. */
const mostThreads = 4;
const thumbnailsShown = 12;

export class Trainer {
  /** "loading" until it is known what the browser keeps. */
  readonly state = signal<"loading" | "choosing" | "running" | "stopping" | "stopped">("loading");
  readonly photos = signal(0);
  readonly thumbnails = signal<readonly string[]>([]);
  readonly adding = signal<{ done: number; total: number } | undefined>(undefined);
  readonly leftOut = signal<readonly LeftOut[]>([]);
  readonly training = signal<KeptTraining | undefined>(undefined);
  readonly progress = signal<Progress | undefined>(undefined);
  readonly part = signal<Part | undefined>(undefined);
  readonly lines = signal<readonly LossLine[]>([]);
  readonly before = signal<ShownSheet | undefined>(undefined);
  readonly after = signal<ShownSheet | undefined>(undefined);
  readonly failure = signal<string | undefined>(undefined);

  /** A name among `models`, or a preset's; undefined: the default model, or a fresh network. */
  readonly startName = signal<string | undefined>(undefined);
  /** undefined: those of the model. */
  readonly tasks = signal<readonly string[] | undefined>(undefined);
  readonly limit = signal<Limit>({ images: 2000 });

  readonly start = computed<Start>(() => {
    const models = this.#parts.models.value;
    const name = this.startName.value;
    const model = name === undefined ? models[0] : models.find((one) => one.name === name);
    if (model !== undefined) return { model: model.name, place: model.place };
    return { preset: name ?? freshPresets[0] };
  });
  readonly chosenTasks = computed<readonly string[]>(() => {
    const start = this.start.value;
    const own =
      "model" in start
        ? this.#parts.models.value.find(({ name }) => name === start.model)?.config.tasks
        : undefined;
    return this.tasks.value ?? own ?? ["colorize", "inpaint", "uncrop", "dejpeg"];
  });
  readonly canStart = computed(
    () =>
      this.photos.value >= leastPhotos &&
      this.adding.value === undefined &&
      this.chosenTasks.value.length > 0,
  );
  /** Held-out losses at the beginning and last, where there are two. */
  readonly heldOut = computed(() => {
    const known = this.lines.value.flatMap(({ images, validationLoss: loss }): HeldOut[] =>
      loss === undefined ? [] : [{ images, loss }],
    );
    const { heldOut } = this.training.value ?? {};
    const all = heldOut === undefined ? known : [...known, heldOut];
    const [first, ...others] = all.sort((a, b) => a.images - b.images);
    const last = others.at(-1);
    return first !== undefined && last !== undefined
      ? { first: first.loss, last: last.loss }
      : undefined;
  });
  readonly #parts: TrainerParts;
  #worker: Promise<Worker> | undefined;
  #model: ((files: readonly File[] | undefined) => void) | undefined;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
  }

  get models(): ReadonlySignal<readonly StartModel[]> {
    return this.#parts.models;
  }

  /** Finds what the browser keeps, the first time that it is called. */
  open(): void {
    if (this.#worker === undefined) void this.#order({ do: "look" });
  }

  /** Adds photos, unless a training has them already. */
  add(files: readonly File[]): void {
    if (this.state.value !== "choosing" || files.length === 0) return;
    this.leftOut.value = [];
    this.failure.value = undefined;
    this.adding.value = { done: 0, total: files.length };
    void this.#order({ do: "add", files });
  }

  /** Starts the training, or goes on with the one that was stopped. */
  async run(): Promise<void> {
    const kept = this.training.value?.choices;
    const device = kept?.device ?? (await this.#parts.device());
    const cores = Math.max(1, Math.min(mostThreads, navigator.hardwareConcurrency));
    const choices = {
      start: kept?.start ?? this.start.value,
      tasks: kept?.tasks ?? this.chosenTasks.value,
      limit: this.limit.value,
      device,
      threads: kept?.threads ?? (device === "cpu" ? cores : 1),
    };
    this.training.value = { images: 0, ...this.training.value, choices };
    this.state.value = "running";
    this.failure.value = undefined;
    this.progress.value = undefined;
    await this.#order({ do: "train", choices });
  }

  stop(): void {
    this.state.value = "stopping";
    void this.#order({ do: "stop" });
  }

  /** Forgets the training with its photos. */
  discard(): void {
    void this.#order({ do: "discard" });
  }

  /**
   * The files of the trained model's folder; undefined, and a line is shown, when there is none.
   */
  async model(): Promise<readonly File[] | undefined> {
    const asked = new Promise<readonly File[] | undefined>((resolve) => {
      this.#model = resolve;
    });
    await this.#order({ do: "model" });
    return asked;
  }

  async #order(order: TrainOrder): Promise<void> {
    this.#worker ??= this.#started();
    (await this.#worker).postMessage(order);
  }

  async #started(): Promise<Worker> {
    await this.#parts.ready();
    const worker = new Worker(new URL("./training-worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<TrainNews>) => this.#heard(data));
    worker.addEventListener("error", ({ message }) => {
      worker.terminate();
      this.#worker = undefined;
      this.#failed(message || "The training's worker has ended.");
    });
    return worker;
  }

  #heard(news: TrainNews): void {
    if ("found" in news) {
      const { photos, training, lines, sheets } = news.found;
      this.photos.value = photos;
      this.training.value = training;
      this.lines.value = lines;
      for (const sheet of sheets) this.#show(sheet);
      if (training !== undefined) this.limit.value = training.choices.limit;
      this.#known = photos;
      this.#stopped();
    } else if ("adding" in news) {
      const { done, total } = news.adding;
      this.adding.value = done < total ? news.adding : undefined;
    } else if ("photo" in news) {
      if (this.#known > 0) this.#known -= 1;
      else this.photos.value += 1;
      if (this.thumbnails.value.length >= thumbnailsShown) return;
      const address = URL.createObjectURL(news.photo.thumbnail);
      this.thumbnails.value = [...this.thumbnails.value, address];
    } else if ("leftOut" in news) {
      this.leftOut.value = [...this.leftOut.value, news.leftOut];
    } else if ("progress" in news) {
      this.progress.value = news.progress;
      this.part.value = undefined;
    } else if ("part" in news) {
      this.part.value = news.part;
    } else if ("line" in news) {
      const earlier = this.lines.value.filter(({ images }) => images < news.line.images);
      this.lines.value = [...earlier, news.line];
    } else if ("sheet" in news) {
      this.#show(news.sheet);
    } else if ("ended" in news) {
      const { choices } = this.training.value ?? {};
      const { images, heldOut = this.training.value?.heldOut } = news.ended;
      if (choices) this.training.value = { choices, images, ...(heldOut && { heldOut }) };
      this.part.value = undefined;
      this.#stopped();
    } else if ("discarded" in news) {
      this.#forget();
    } else if ("model" in news) {
      this.#model?.(news.model);
    } else {
      this.#failed(news.failed);
    }
  }

  /** Photos that are counted already. */
  #known = 0;

  #show({ images, file }: Sheet): void {
    const place = images === 0 ? this.before : this.after;
    if (place.value !== undefined) URL.revokeObjectURL(place.value.address);
    place.value = { images, address: URL.createObjectURL(file) };
  }

  #forget(): void {
    const sheets = [this.before, this.after];
    const addresses = sheets.flatMap(({ value }) => value?.address ?? []);
    for (const address of [...addresses, ...this.thumbnails.value]) URL.revokeObjectURL(address);
    for (const sheet of sheets) sheet.value = undefined;
    this.thumbnails.value = [];
    this.photos.value = 0;
    this.lines.value = [];
    this.leftOut.value = [];
    this.training.value = undefined;
    this.progress.value = undefined;
    this.failure.value = undefined;
    this.state.value = "choosing";
  }

  /** Without images there is nothing to go on with. */
  #stopped(): void {
    if ((this.training.value?.images ?? 0) === 0) this.training.value = undefined;
    this.state.value = this.training.value === undefined ? "choosing" : "stopped";
  }

  #failed(line: string): void {
    this.failure.value = line;
    this.adding.value = undefined;
    this.part.value = undefined;
    this.#model?.(undefined);
    const { state } = this;
    if (state.value === "loading") state.value = "choosing";
    if (state.value === "running" || state.value === "stopping") this.#stopped();
  }
}
