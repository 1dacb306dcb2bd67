/**
 * The files of an evaluation. A picture depends on nothing but the settings and its name. So the
 * same command continues, and one with further models, steps or tasks keeps what is done.
 */
import type { CropScale } from "../../data/crop-scale.ts";
import type { ImageCodec } from "../../image/codec.ts";
import { fromBytes, type Image } from "../../image/image.ts";
import { configDiff } from "../../util/config-diff.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type { EvaluationStore } from "../platform.ts";
import type { Seconds } from "../report/report.ts";

export const settingsFile = "settings.json";

/** Each shard has times of its own, as several write at once; `number` is 0 without shards. */
function secondsFile(number = 0): string {
  return number === 0 ? "seconds.json" : `seconds/${number}.json`;
}

/** What all pictures of an evaluation have in common. */
export interface CommonSettings {
  readonly format: 1;
  readonly photos: number;
  readonly digest: string;
  readonly holdOut: string;
  readonly crop: string;
  /** Of random crops; absent for "half..full". */
  readonly cropScale?: CropScale;
  /** Then the photos are taken in another order; absent otherwise. */
  readonly fewerCropsThanPhotos?: true;
  readonly resolution: number;
  readonly seed: number;
}

/** "00001.png", and "00001-2.png" for a second sample; both count from 0. */
export function pictureName(index: number, sample = 0): string {
  const number = String(index + 1).padStart(5, "0");
  return sample === 0 ? `${number}.png` : `${number}-${sample + 1}.png`;
}

/** The file of picture `index` of a row, and of which of its samples. */
export function pictureFile(condition: string, row: string, index: number, sample = 0): string {
  return `pictures/${condition}/${row}/${pictureName(index, sample)}`;
}

/** @throws PaletteError when the picture is missing or broken. */
export async function readPicture(
  store: EvaluationStore,
  codec: ImageCodec,
  name: string,
): Promise<Image> {
  const file = await store.read(name);
  if (file === undefined) throw new PaletteError(`${store.place} has no ${name}: evaluate again.`);
  const { rgb, width, height } = await codec.decode(file).catch((thrown) => {
    throw new PaletteError(`${store.place}: ${name}: ${reasonOf(thrown)}.`, { cause: thrown });
  });
  return fromBytes(rgb, width, height);
}

/**
 * Writes the settings, or compares them with those that are there.
 * @throws PaletteError naming the differences to the evaluation that the store holds.
 */
export async function adoptSettings(
  store: EvaluationStore,
  settings: CommonSettings,
): Promise<void> {
  const file = await store.read(settingsFile);
  if (file === undefined) return store.write(settingsFile, json(settings));
  const changed = configDiff(parse(file, store.place), settings);
  if (changed.length > 0) {
    throw new PaletteError(
      `${store.place} holds an evaluation of other pictures (${changed.join("; ")}): give the same settings to continue, or choose another -o.`,
    );
  }
}

type Spent = Readonly<Record<string, { readonly seconds: number; readonly images: number }>>;

/** Time spent on the answers of each row, in all runs of the command together. */
export class RowTimes {
  private readonly store: EvaluationStore;
  private readonly shard: number | undefined;
  private spent: Spent;

  private constructor(store: EvaluationStore, shard: number | undefined, spent: Spent) {
    this.store = store;
    this.shard = shard;
    this.spent = spent;
  }

  static async open(store: EvaluationStore, shard?: number): Promise<RowTimes> {
    return new RowTimes(store, shard, await spentIn(store, shard));
  }

  async add(condition: string, row: string, seconds: number, images: number): Promise<void> {
    this.spent = sum(this.spent, { [`${condition}/${row}`]: { seconds, images } });
    await this.store.write(secondsFile(this.shard), json(this.spent));
  }

  /** Seconds a picture, by "condition/row", on whichever machines. */
  async perPicture(): Promise<Seconds> {
    let all = await spentIn(this.store);
    for (const number of await this.store.numbered("seconds"))
      all = sum(all, await spentIn(this.store, number));
    const each = Object.entries(all);
    return Object.fromEntries(each.map(([row, { seconds, images }]) => [row, seconds / images]));
  }
}

/** Lost times are not worth failing for: what is left to do is measured again. */
async function spentIn(store: EvaluationStore, shard?: number): Promise<Spent> {
  try {
    const file = await store.read(secondsFile(shard));
    return file ? JSON.parse(new TextDecoder().decode(file)) : {};
  } catch {
    return {};
  }
}

function sum(one: Spent, other: Spent): Spent {
  const total = { ...one };
  for (const [row, { seconds, images }] of Object.entries(other)) {
    const before = total[row] ?? { seconds: 0, images: 0 };
    total[row] = { seconds: before.seconds + seconds, images: before.images + images };
  }
  return total;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function parse(file: Uint8Array, place: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(file));
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below, as what else is wrong with it.
  }
  throw new PaletteError(
    `${place}: ${settingsFile} is damaged: choose another -o, or delete the folder.`,
  );
}
