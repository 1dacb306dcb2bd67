/**
 * What restoring in the page has that a server's page has not: where it computes, and models that
 * the browser keeps. The page shows it and lets the user choose.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { DeviceChoice, WebDevice } from "../../../runtime/web/choose-device.ts";
import { omitUndefined } from "../../../util/omit-undefined.ts";
import type { ArrivedModel } from "./messages.ts";
import { allowOrigins } from "./offline.ts";
import { forget, modelsOnShelf, originsOf, type ShelfModel } from "./shelf.ts";
import type { WorkThread } from "./work-thread.ts";

export type DeviceWish = WebDevice | "auto";

export interface DeviceState {
  readonly wish: DeviceWish;
  /** Absent until something is computed, or the user asks. */
  readonly choice?: DeviceChoice | undefined;
}

/** A model on its way. */
export interface Arrival {
  /** Absent of files. */
  readonly address?: string;
  readonly done?: number;
  readonly total?: number | undefined;
}

interface KeptDevice extends DeviceState {
  /** The browser that it was chosen in. */
  readonly agent: string;
}

const deviceKey = "studio.device";

export class LocalStudio {
  readonly thread: WorkThread;
  readonly #device = signal<DeviceState>(keptDevice());
  readonly #models = signal<readonly ShelfModel[]>([]);
  readonly #arrival = signal<Arrival | undefined>(undefined);
  readonly #opened: ArrivedModel[] = [];
  #choosing: Promise<DeviceChoice> | undefined;

  constructor(thread: WorkThread) {
    this.thread = thread;
  }

  get device(): ReadonlySignal<DeviceState> {
    return this.#device;
  }

  get models(): ReadonlySignal<readonly ShelfModel[]> {
    return this.#models;
  }

  /** The model that is being fetched or opened. */
  get arrival(): ReadonlySignal<Arrival | undefined> {
    return this.#arrival;
  }

  async listModels(): Promise<readonly ShelfModel[]> {
    this.#models.value = await modelsOnShelf(this.#opened);
    return this.#models.value;
  }

  /** Chooses where to compute from now on, and remembers it. */
  async wish(wish: DeviceWish): Promise<void> {
    this.#choosing = undefined;
    this.#keepDevice({ wish });
    await this.deviceChoice();
  }

  /** Where to compute; a GPU is tried the first time. */
  async deviceChoice(): Promise<DeviceChoice> {
    const { wish, choice } = this.#device.value;
    if (choice !== undefined) return choice;
    this.#choosing ??= this.thread.ask({ choose: wish });
    try {
      const chosen = await this.#choosing;
      if (this.#device.value.wish === wish) this.#keepDevice({ wish, choice: chosen });
      return chosen;
    } finally {
      this.#choosing = undefined;
    }
  }

  /**
   * Fetches a model's folder and keeps it; its site may be asked from now on.
   * @returns its name
   * @throws RestoreError when there is no model
   */
  async addAddress(text: string): Promise<string> {
    const address = new URL(text.trim(), location.href).href;
    const asked = [...originsOf(this.#brought()), ...originsOf([{ address }])];
    // A worker's policy is that of its start.
    if (await allowOrigins(asked)) this.thread.restart();
    return this.#add({ address }, () =>
      this.thread.ask(
        { fetch: { address } },
        {
          onProgress: (progress) => {
            if ("fetched" in progress) this.#arrival.value = { address, ...progress.fetched };
          },
        },
      ),
    );
  }

  /**
   * Opens a model from the files of its folder, or from a zip.
   * @returns its name
   * @throws RestoreError when there is no model among them
   */
  addFiles(files: readonly File[]): Promise<string> {
    return this.#add({}, () => this.thread.ask({ open: files }));
  }

  /** Forgets what the browser keeps of a model. */
  async forget(model: ShelfModel): Promise<void> {
    await forget(model);
    await this.listModels();
  }

  async #add(arrival: Arrival, bring: () => Promise<ArrivedModel>): Promise<string> {
    this.#arrival.value = arrival;
    try {
      const arrived = await bring();
      if (!arrived.kept) this.#opened.push(arrived);
      const models = await this.listModels();
      const found = models.find(({ digest }) => digest !== undefined && digest === arrived.digest);
      return (found ?? models.at(-1))?.name ?? arrived.config.name;
    } finally {
      this.#arrival.value = undefined;
    }
  }

  #brought(): { address?: string }[] {
    return this.#models.value.map(({ address }) => omitUndefined({ address }));
  }

  #keepDevice(state: DeviceState): void {
    this.#device.value = state;
    const kept: KeptDevice = { ...state, agent: navigator.userAgent };
    localStorage.setItem(deviceKey, JSON.stringify(kept));
  }
}

/** What was chosen in this browser; another version of it is tried anew. */
function keptDevice(): DeviceState {
  try {
    const kept = JSON.parse(localStorage.getItem(deviceKey) ?? "{}") as Partial<KeptDevice>;
    const { wish = "auto", choice, agent } = kept;
    return { wish, ...(agent === navigator.userAgent && choice && { choice }) };
  } catch {
    return { wish: "auto" };
  }
}
