/**
 * The answers of a set, a part at a time: each part is kept until the set is measured, so that
 * whoever is stopped goes on where they were.
 */
import type { EvaluationStore } from "../evaluation/platform.ts";
import { degraded } from "../evaluation/protocol/conditions.ts";
import type { CropSource } from "../evaluation/protocol/crops.ts";
import { picturesTogether, shown } from "../evaluation/protocol/generate.ts";
import type { ImageCodec } from "../image/codec.ts";
import { type Image, toBytes } from "../image/image.ts";
import { Palette } from "../pipeline/palette.ts";
import type { Network } from "../runtime/network.ts";
import { Random } from "../util/random.ts";
import type { PlannedSet } from "./planned.ts";

/** Pictures a part: a multiple of those that a network is given together. */
const partPictures = 96;

/** Where an experiment keeps what it computes, by name. */
export interface ExperimentStore extends Pick<EvaluationStore, "read" | "write"> {
  remove(name: string): Promise<void>;
}

export interface AnswerTools {
  readonly store: ExperimentStore;
  readonly codec: ImageCodec;
  readonly crops: CropSource;
  /** The model of the set; asked for when there is something to answer, and left open. */
  readonly open: () => Promise<Network>;
  readonly signal?: AbortSignal;
  /** Told how many of the pictures have their answers. */
  readonly onPictures?: (done: number, total: number) => void;
}

export interface Answers {
  /** [sample][picture], each [H, W, 3]. */
  readonly samples: readonly (readonly Uint8Array[])[];
  /** Network calls made now, and the time they took. */
  readonly spent: { readonly pictures: number; readonly seconds: number };
}

/** The name of a part in the store. */
function partName({ key, samples }: PlannedSet, part: number): string {
  return `parts/${key}-${samples}/${String(part).padStart(4, "0")}`;
}

/** What is degraded, or what the model makes of it; the originals are the crops themselves. */
export async function answersOf(set: PlannedSet, tools: AnswerTools): Promise<Answers> {
  const { protocol, samples } = set;
  const { store, signal, onPictures } = tools;
  const bytes = 3 * protocol.resolution ** 2;
  const all: Uint8Array[][] = Array.from({ length: samples }, () => []);
  const spent = { pictures: 0, seconds: 0 };
  const answering = typeof set.source === "string" ? undefined : new Answering(set, tools);
  for (let first = 0, part = 0; first < protocol.crops; first += partPictures, part++) {
    signal?.throwIfAborted();
    const count = Math.min(partPictures, protocol.crops - first);
    let made: Uint8Array;
    if (answering === undefined) {
      made = await joined(count, bytes, (k) => plain(set, tools, first + k));
    } else {
      const kept = await store.read(partName(set, part));
      if (kept?.length === count * samples * bytes) made = kept;
      else {
        const palette = await answering.palette();
        const start = performance.now();
        made = await answering.part(palette, first, count);
        spent.seconds += (performance.now() - start) / 1000;
        spent.pictures += count;
        await store.write(partName(set, part), made);
      }
    }
    for (let k = 0; k < count * samples; k++) {
      all[k % samples]!.push(made.slice(k * bytes, (k + 1) * bytes));
    }
    onPictures?.(first + count, protocol.crops);
  }
  return { samples: all, spent };
}

/** Forgets the parts of a set that is measured. */
export async function removeAnswers(set: PlannedSet, store: ExperimentStore): Promise<void> {
  await store.remove(`parts/${set.key}-${set.samples}`);
}

async function plain(
  { source, condition, protocol }: PlannedSet,
  { crops, codec }: AnswerTools,
  index: number,
): Promise<Image> {
  const { image } = await crops.crop(index);
  if (source === "originals" || condition === undefined) return image;
  return shown(await degraded(condition, image, protocol.seed, index, codec));
}

async function joined(
  count: number,
  bytes: number,
  picture: (k: number) => Promise<Image>,
): Promise<Uint8Array> {
  const out = new Uint8Array(count * bytes);
  for (let k = 0; k < count; k++) out.set(toBytes(await picture(k)), k * bytes);
  return out;
}

/** A model that answers a part after another, opened when the first is asked for. */
class Answering {
  private readonly set: PlannedSet;
  private readonly tools: AnswerTools;
  private opened: Palette | undefined;

  constructor(set: PlannedSet, tools: AnswerTools) {
    this.set = set;
    this.tools = tools;
  }

  async palette(): Promise<Palette> {
    this.opened ??= new Palette(await this.tools.open(), { onWarning: () => {} });
    return this.opened;
  }

  /** Answers, picture by picture and of each its samples. */
  async part(palette: Palette, first: number, count: number): Promise<Uint8Array> {
    const { protocol, condition, sampling, samples } = this.set;
    const { crops, codec, signal } = this.tools;
    const bytes = 3 * protocol.resolution ** 2;
    const out = new Uint8Array(count * samples * bytes);
    const together = picturesTogether(palette.config.network);
    let at = 0;
    for (let from = first; from < first + count; from += together) {
      const until = Math.min(from + together, first + count);
      const requests = [];
      for (let index = from; index < until; index++) {
        const { image } = await crops.crop(index);
        const made = await degraded(condition!, image, protocol.seed, index, codec);
        // The same for all models and samplers, so that arms are compared in pairs.
        const name = [protocol.seed, "answers", condition!.id, index] as const;
        const seed = Random.from(...name).integer(0, 2 ** 31 - 1);
        requests.push({ condition: made, seed });
      }
      const answers = await palette.sampleBatch(requests, {
        ...sampling,
        ...{ samples, together: true, ...(signal && { signal }) },
      });
      for (const image of answers.flat()) {
        out.set(toBytes(image), at);
        at += bytes;
      }
    }
    return out;
  }
}
