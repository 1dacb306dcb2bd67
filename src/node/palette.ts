/** The library's front door under Node. */
import { Palette as CorePalette, type PaletteOptions } from "../pipeline/palette.ts";
import { loadNetwork } from "./load-network.ts";
import { findModel } from "./model-folder.ts";

/** A trained model and the tasks it restores images with; models come from folders. */
export class Palette extends CorePalette {
  /**
   * @param nameOrFolder a folder, or the name of a bundled model; default: the newest bundled one
   * @throws PaletteError listing the models there are, or naming the error in the folder.
   */
  static async load(nameOrFolder?: string, options: PaletteOptions = {}): Promise<Palette> {
    const network = await loadNetwork(await findModel(nameOrFolder), options);
    return new Palette(network, options);
  }
}
