/** The models that the page can restore with: the site's, and those that the user brought. */
import { type ModelConfig, parseModelConfig } from "../../../models/config.ts";
import { forgetModel, type KeptModel, storedModels } from "../../../web/model-store.ts";
import type { ArrivedModel, ModelPlace } from "./messages.ts";
import { allowOrigins } from "./offline.ts";

export interface ShelfModel {
  /** No two have the same. */
  readonly name: string;
  readonly config: ModelConfig;
  readonly place: ModelPlace;
  /** Of the weights. */
  readonly bytes: number;
  readonly digest?: string | undefined;
  /** Where it came from, where it was no file. */
  readonly address?: string | undefined;
  /** Whether the browser keeps it, so that it is not fetched again. */
  readonly kept: boolean;
  readonly origin: "site" | "address" | "files";
}

/** An entry of models.json, which the build writes. */
interface SiteModel {
  readonly folder: string;
  readonly bytes: number;
  readonly digest: string;
  readonly config: unknown;
}

const list = "models/models.json";

/** The models there are now, the site's first. */
export async function modelsOnShelf(opened: readonly ArrivedModel[]): Promise<ShelfModel[]> {
  const [own, kept] = await Promise.all([siteModels(), storedModels()]);
  const isKept = (digest: string) => kept.some((model) => model.digest === digest);
  const ours = own.map((model) => ({ ...model, kept: isKept(model.digest) }));
  const brought = kept.filter(({ digest }) => own.every((model) => model.digest !== digest));
  const inMemory = opened.filter((model) => !model.kept);
  return named([...ours, ...brought.map(asKept), ...inMemory.map(asOpened)]);
}

/** Forgets what the browser keeps of a model, and that its site may be asked. */
export async function forget({ digest }: ShelfModel): Promise<void> {
  if (digest !== undefined) await forgetModel(digest);
  await allowOrigins(originsOf(await storedModels()));
}

/** The other sites among the models' addresses. */
export function originsOf(models: readonly { readonly address?: string | undefined }[]): string[] {
  const found = models.flatMap(({ address }) => (address ? [new URL(address).origin] : []));
  return found.filter((origin) => origin !== location.origin);
}

type Unnamed = Omit<ShelfModel, "name">;

async function siteModels(): Promise<(Unnamed & { digest: string })[]> {
  const response = await fetch(list).catch(() => undefined);
  if (!response?.ok) return [];
  const models = (await response.json()) as SiteModel[];
  return models.map(({ folder, bytes, digest, config }) => {
    const address = new URL(`models/${folder}/`, document.baseURI).href;
    return {
      config: parseModelConfig(JSON.stringify(config), `${address}config.json`),
      place: { address, digest },
      ...{ bytes, digest, address, kept: false, origin: "site" },
    };
  });
}

function asKept({ digest, config, bytes, address }: KeptModel): Unnamed {
  const origin = address === undefined ? "files" : "address";
  return { config, place: { kept: digest }, bytes, digest, address, kept: true, origin };
}

function asOpened({ config, place, bytes, digest }: ArrivedModel): Unnamed {
  return { config, place, bytes, digest, kept: false, origin: "files" };
}

function named(models: readonly Unnamed[]): ShelfModel[] {
  const names = new Set<string>();
  return models.map((model) => {
    let { name } = model.config;
    for (let k = 2; names.has(name); k++) name = `${model.config.name} (${k})`;
    names.add(name);
    return { ...model, name };
  });
}
