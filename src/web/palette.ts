/** The library's front door in a browser. */
import { Palette as CorePalette, type PaletteOptions } from "../pipeline/palette.ts";
import { loadNetwork } from "./load-network.ts";

/** A trained model and the tasks it restores images with; models come from URLs. */
export class Palette extends CorePalette {
  /**
   * @param url of a model folder, with config.json and weights.safetensors in it
   * @throws PaletteError when one of the files cannot be fetched or is not a model's.
   */
  static async load(url: string, options: PaletteOptions = {}): Promise<Palette> {
    return new Palette(await loadNetwork(url, options), options);
  }
}
