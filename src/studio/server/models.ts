/** The models that may be asked for. */
import { bundledModels, findModel, loadModelConfig } from "../../node/model-folder.ts";
import { studioModelOf } from "../restoring/tasks.ts";
import type { StudioModel } from "../web/restorer.ts";
import { HttpProblem } from "./problem.ts";

interface ServedModel {
  readonly folder: string;
  readonly model: StudioModel;
}

export class ServedModels {
  private readonly served: readonly ServedModel[];

  private constructor(served: readonly ServedModel[]) {
    this.served = served;
  }

  /**
   * @param named names or folders, the first is the default; without any the bundled models, the
   * newest first
   * @throws PaletteError when one of them is no model
   */
  static async find(named: readonly string[]): Promise<ServedModels> {
    const folders = [await findModel(named[0])];
    for (const other of named.length > 0 ? named.slice(1) : await bundledModels()) {
      const folder = await findModel(other);
      if (!folders.includes(folder)) folders.push(folder);
    }
    const served = await Promise.all(folders.map(describe));
    return new ServedModels(served);
  }

  list(): StudioModel[] {
    return this.served.map(({ model }) => model);
  }

  /** @throws HttpProblem when there is none of this name */
  get(name?: string): ServedModel {
    const found = this.served.find(({ model }) => name === undefined || model.name === name);
    if (found !== undefined) return found;
    const names = this.list().map((model) => model.name);
    throw new HttpProblem(422, `There is no such model; the models are ${names.join(", ")}.`);
  }
}

async function describe(folder: string): Promise<ServedModel> {
  return { folder, model: studioModelOf(await loadModelConfig(folder)) };
}
