/** The library's front door in a browser. */

import type { Model, StoredModel } from "../models/model.ts";
import { Palette as CorePalette, type PaletteOptions } from "../pipeline/palette.ts";
import { loadNetwork } from "./load-network.ts";

/** A trained model and the tasks it restores images with; models come from addresses or files. */
export class Palette extends CorePalette {
  /**
   * @param model of `fetchModel` or `openModelFiles`, or in memory; or the address of a model
   * folder, with config.json and weights.safetensors in it, of which nothing is kept
   * @throws PaletteError when one of the files cannot be fetched or is not a model's.
   */
  static async load(
    model: string | Model | StoredModel,
    options: PaletteOptions = {},
  ): Promise<Palette> {
    return new Palette(await loadNetwork(model, options), options);
  }
}
