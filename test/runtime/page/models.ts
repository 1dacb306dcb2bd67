/** What the page does with models: each function says what came of it in plain values. */
import { readModel } from "../../../src/models/model.ts";
import {
  type BrowserModel,
  chooseDevice,
  type FetchModelOptions,
  type FetchProgress,
  fetchModel,
  forgetModel,
  openModelFiles,
  openStoredModel,
  storedModels,
} from "../../../src/web.ts";

interface Loaded {
  readonly digest: string | undefined;
  readonly bytes: number;
  readonly kept: boolean;
  /** Of the weights: it says which are there. */
  readonly sum: number;
}

async function loaded(model: BrowserModel): Promise<Loaded> {
  const { digest, bytes, kept } = model;
  const { parameters } = await readModel(model);
  return { digest, bytes, kept, sum: parameters.reduce((sum, value) => sum + value, 0) };
}

async function fetched(address: string, options: FetchModelOptions = {}) {
  const progress: FetchProgress[] = [];
  const model = await fetchModel(address, {
    ...options,
    onProgress: (step) => progress.push(step),
  });
  return { ...(await loaded(model)), progress };
}

/** A file of the server, as if it had been dropped. */
async function file(address: string): Promise<File> {
  const name = address.split("/").at(-1) ?? "";
  return new File([await (await fetch(address)).blob()], name);
}

async function dropped(addresses: readonly string[], keep?: boolean) {
  const files = await Promise.all(addresses.map(file));
  return loaded(await openModelFiles(files, keep === undefined ? {} : { keep }));
}

async function stored() {
  return (await storedModels()).map(({ digest, bytes, address, config }) => ({
    ...{ digest, bytes, address },
    name: config.name,
  }));
}

export const models = {
  chooseDevice,
  dropped,
  fetched,
  forget: forgetModel,
  opened: async (digest: string) => loaded(await openStoredModel(digest)),
  stored,
};
