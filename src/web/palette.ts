/** The library's front door in a browser. */
import type { Image } from "../image/image.ts";
import type { Size } from "../image/model-size.ts";
import type { Model, StoredModel } from "../models/model.ts";
import { Palette as CorePalette, type PaletteOptions } from "../pipeline/palette.ts";
import type { SamplingOptions } from "../pipeline/sampling-options.ts";
import type { Network } from "../runtime/network.ts";
import { type TaskName, taskNamed } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { defaultEngines, loadNetwork } from "./load-network.ts";
import {
  assertTabFits,
  largestThatFits,
  type Restoration,
  tabBudget,
  tabMemory,
} from "./memory.ts";

export interface WebPaletteOptions extends PaletteOptions {
  /** Bytes that the tab may take; default 1e9. Infinity tries everything. */
  readonly memoryBudget?: number;
}

/** A trained model and the tasks it restores images with; models come from addresses or files. */
export class Palette extends CorePalette {
  private readonly budget: number;
  private readonly engines: number;

  constructor(network: Network, options: WebPaletteOptions = {}) {
    super(network, options);
    this.budget = options.memoryBudget ?? tabBudget;
    this.engines =
      options.threads ?? defaultEngines(network.config, options.device, options.memoryBudget);
  }

  /**
   * @param model of `fetchModel` or `openModelFiles`, or in memory; or the address of a model
   * folder, with config.json and weights.safetensors in it, of which nothing is kept
   * @param options.threads engines in Web Workers; default: as many as the machine has cores and a
   * third of the memory budget holds; of a GPU one
   * @throws PaletteError when one of the files cannot be fetched or is not a model's.
   */
  static async load(
    model: string | Model | StoredModel,
    options: WebPaletteOptions = {},
  ): Promise<Palette> {
    return new Palette(await loadNetwork(model, options), options);
  }

  /**
   * As under Node, within the memory budget; `restore` likewise.
   * @throws MemoryError, before anything is computed, with the largest size that fits.
   */
  override async *answers<Options extends object = object>(
    task: TaskName | (string & {}) | Task<string, Options>,
    image: Image,
    options: SamplingOptions & Partial<Options> = {},
  ): AsyncGenerator<Image, void, undefined> {
    assertTabFits(this.restoration(task, options), image, this.budget);
    yield* super.answers(task, image, options);
  }

  /**
   * Bytes that the tab takes, the photo included, while it restores one of this size: an estimate.
   */
  memoryFor(task: string, photo: Size, options: object = {}): number {
    return tabMemory(this.restoration(task, options), photo);
  }

  /**
   * The largest size of a photo's shape, at most its own, that the budget holds; undefined where
   * nothing does.
   */
  largestSize(task: string, photo: Size, options: object = {}): Size | undefined {
    return largestThatFits(this.restoration(task, options), photo, this.budget);
  }

  private restoration<Options extends object>(
    task: string | Task<string, Options>,
    options: object,
  ): Restoration {
    const { config, engines } = this;
    return { config, options, engines, task: typeof task === "string" ? taskNamed(task) : task };
  }
}
