/**
 * Makes the pictures of an evaluation: what is degraded, what each model answers, and the
 * originals.
 */
import { networkCalls } from "../../diffusion/samplers/sampler-config.ts";
import { createMask, type Image, type Mask } from "../../image/image.ts";
import { weightResidency } from "../../nn/graphs.ts";
import type { NetworkConfig } from "../../nn/network.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { Palette, type SampleRequest } from "../../pipeline/palette.ts";
import type { SamplingProgress } from "../../pipeline/sampling-options.ts";
import { createNetwork } from "../../runtime/network.ts";
import type { SessionOptions } from "../../runtime/runtime.ts";
import type { Condition } from "../../tasks/task.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { Random } from "../../util/random.ts";
import { isInShard, type Shard } from "../../util/shard.ts";
import type { EvaluationPlatform } from "../platform.ts";
import { degraded, type EvaluationCondition } from "./conditions.ts";
import type { CropSource } from "./crops.ts";
import { pictureFile, type RowTimes } from "./files.ts";
import type { EvaluationPlan } from "./plan.ts";
import { type EvaluatedModel, type PlannedRow, plannedRows } from "./rows.ts";

/** Names of the rows that are no model's; also their folders. */
export const inputRow = "degraded";
export const originalsRow = "originals";
/** Not a row: where the holes are, white, for other programs. */
const maskFolder = "mask";

/**
 * Pictures asked for at a time: enough to keep all cores at work, and what a kill can cost. A large
 * network computes one after the other anyway, for minutes each; its answers are the same bits
 * alone.
 */
export function picturesTogether(network: NetworkConfig): number {
  return weightResidency(parameterSpecs(network)) === "inputs" ? 1 : 8;
}

export interface GenerateTools {
  readonly plan: EvaluationPlan;
  readonly platform: Pick<EvaluationPlatform, "store" | "codec" | "runtime">;
  readonly crops: CropSource;
  readonly times: RowTimes;
  /** Which groups of pictures are made; all unless given. */
  readonly shard?: Shard;
  /** Where the models run. */
  readonly session: SessionOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: GenerateProgress) => void;
}

export interface GenerateProgress {
  /**
   * "pictures": the originals and what is degraded; "loading": one model; "answers": network calls.
   */
  readonly stage: "pictures" | "loading" | "answers";
  readonly done: number;
  readonly total: number;
}

/** A condition that a row answers. */
interface Work {
  readonly condition: EvaluationCondition;
  readonly row: PlannedRow;
}

/** Pictures that are made together, in the order of all. */
interface Group extends Work {
  readonly indices: readonly number[];
}

/** Writes all pictures that are not there yet, or those of a shard. */
export async function generate(tools: GenerateTools): Promise<void> {
  const { onProgress } = tools;
  await prepare(tools);
  const work = shareOf(tools);
  const total = work
    .flatMap(([, groups]) => groups)
    .reduce((sum, { row, indices }) => sum + indices.length * row.samples * callsEach(row), 0);
  let done = 0;
  for (const [model, groups] of work) {
    await writeAnswers(tools, model, groups, (calls) => {
      done += calls;
      onProgress?.({ stage: "answers", done, total });
    });
  }
}

/**
 * How many pictures of the plan are missing: originals, degraded ones and answers, whoever makes
 * them.
 */
export async function missingPictures(
  plan: EvaluationPlan,
  store: Pick<EvaluationPlatform["store"], "has">,
): Promise<number> {
  const indices = Array.from({ length: plan.crops }, (_, k) => k);
  const files = plan.conditions.flatMap((condition) => [
    ...indices.map((k) => pictureFile(condition.id, inputRow, k)),
    ...plannedRows(plan, condition).flatMap((row) =>
      indices.flatMap((k) => answerFiles(condition, row, k)),
    ),
  ]);
  files.push(...indices.map((k) => pictureFile(originalsRow, originalsRow, k)));
  let missing = 0;
  for (let first = 0; first < files.length; first += 64) {
    const there = await Promise.all(files.slice(first, first + 64).map((name) => store.has(name)));
    missing += there.filter((one) => !one).length;
  }
  return missing;
}

/** Each model with its groups; those of other shards are left out. */
function shareOf({ plan, shard }: GenerateTools): [EvaluatedModel, Group[]][] {
  let number = 0;
  return plan.models.map((model) => {
    const together = picturesTogether(model.config.network);
    const groups: Group[] = [];
    for (const condition of plan.conditions) {
      for (const row of plannedRows(plan, condition)) {
        if (row.model !== model) continue;
        for (let first = 0; first < plan.crops; first += together) {
          const length = Math.min(together, plan.crops - first);
          const indices = Array.from({ length }, (_, k) => first + k);
          if (!shard || isInShard(number++, shard)) groups.push({ condition, row, indices });
        }
      }
    }
    return [model, groups];
  });
}

/** The files of a row's answers to picture `index`. */
export function answerFiles(
  condition: EvaluationCondition,
  { id, samples }: PlannedRow,
  index: number,
): string[] {
  return Array.from({ length: samples }, (_, k) => pictureFile(condition.id, id, index, k));
}

/** Writes the originals and each condition's degraded pictures, the holes in middle gray. */
async function prepare({
  plan,
  platform,
  crops,
  shard,
  signal,
  onProgress,
}: GenerateTools): Promise<void> {
  const { store, codec } = platform;
  const own = Array.from({ length: plan.crops }, (_, k) => k).filter(
    (k) => !shard || isInShard(k, shard),
  );
  const total = own.length * (1 + plan.conditions.length);
  let done = 0;
  const write = async (name: string, image: Image) =>
    store.write(name, await codec.encode(image, "png"));
  const each = async (
    row: [condition: string, row: string],
    make: (k: number) => Promise<Image>,
  ) => {
    for (const k of own) {
      signal?.throwIfAborted();
      const name = pictureFile(...row, k);
      if (!(await store.has(name))) await write(name, await make(k));
      onProgress?.({ stage: "pictures", done: ++done, total });
    }
  };
  await each([originalsRow, originalsRow], async (k) => (await crops.crop(k)).image);
  for (const condition of plan.conditions) {
    await each([condition.id, inputRow], async (k) => {
      const { image } = await crops.crop(k);
      const made = await degraded(condition, image, plan.common.seed, k, codec);
      if (made.mask) await write(pictureFile(condition.id, maskFolder, k), pictureOf(made.mask));
      return shown(made);
    });
  }
}

/** Network calls of a sample; the Regression baseline takes one. */
function callsEach({ sampling }: PlannedRow): number {
  return sampling === undefined ? 1 : networkCalls(sampling.sampler, sampling.steps);
}

/**
 * Writes a model's answers where they are not there yet.
 * @param onCalls told how many further network calls are done, or found done
 */
async function writeAnswers(
  tools: GenerateTools,
  model: EvaluatedModel,
  groups: readonly Group[],
  onCalls: (calls: number) => void,
): Promise<void> {
  const { platform, signal } = tools;
  let palette: Palette | undefined;
  try {
    for (const { indices, ...one } of groups) {
      signal?.throwIfAborted();
      const files = indices.map((index) => answerFiles(one.condition, one.row, index));
      const calls = indices.length * one.row.samples * callsEach(one.row);
      let told = 0;
      const tell = (share: number) => {
        const now = Math.floor(share * calls);
        onCalls(now - told);
        told = now;
      };
      const there = await Promise.all(files.flat().map((name) => platform.store.has(name)));
      if (there.includes(false)) {
        palette ??= await warm(model, tools, one.condition);
        // The last share is told when the answers are stored.
        await answerSome(tools, palette, one, indices, files, ({ step, steps }) => {
          if (step < steps) tell(step / steps);
        });
      }
      tell(1);
    }
  } finally {
    await palette?.dispose();
  }
}

/** Loads the model and lets it answer once, so that compiling it is not taken for its speed. */
async function warm(
  model: EvaluatedModel,
  { plan, platform, crops, session, onProgress }: GenerateTools,
  condition: EvaluationCondition,
): Promise<Palette> {
  const together = picturesTogether(model.config.network);
  onProgress?.({ stage: "loading", done: 0, total: 1 });
  const { config, weights, precision } = model;
  const options = { ...session, ...omitUndefined({ precision }) };
  const network = await createNetwork(platform.runtime, { config, weights }, options);
  const palette = new Palette(network, { ...session, onWarning: () => {} });
  const { image } = await crops.crop(0);
  const first = await degraded(condition, image, plan.common.seed, 0, platform.codec);
  const requests = Array.from({ length: together }, (_, seed) => ({ condition: first, seed }));
  await palette.sampleBatch(requests, { steps: 1, together: true });
  onProgress?.({ stage: "loading", done: 1, total: 1 });
  return palette;
}

async function answerSome(
  { plan, platform, crops, times, signal }: GenerateTools,
  palette: Palette,
  { condition, row }: Work,
  indices: readonly number[],
  files: readonly (readonly string[])[],
  onStep: (step: SamplingProgress) => void,
): Promise<void> {
  const { store, codec } = platform;
  const { seed } = plan.common;
  const requests: SampleRequest[] = [];
  for (const index of indices) {
    const { image } = await crops.crop(index);
    requests.push({
      condition: await degraded(condition, image, seed, index, codec),
      // Answers to one picture differ between conditions, and are the same for all models and
      // steps.
      seed: Random.from(seed, "answers", condition.id, index).integer(0, 2 ** 31 - 1),
    });
  }
  const start = performance.now();
  const answers = await palette.sampleBatch(requests, {
    ...row.sampling,
    ...{ samples: row.samples, signal, onStep, together: true },
  });
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(
    answers.flatMap((images, k) =>
      images.map(async (image, sample) =>
        store.write(files[k]![sample]!, await codec.encode(image, "png")),
      ),
    ),
  );
  await times.add(condition.id, row.id, seconds, indices.length * row.samples);
}

/** White where it is to be filled. */
function pictureOf({ width, height, data }: Mask): Image {
  const plane = data.map((value) => 2 * value - 1);
  return { width, height, data: Float32Array.from([...plane, ...plane, ...plane]) };
}

/** A condition as a picture: the noise that marks the hole is the network's business. */
export function shown({ x, mask = createMask(x.width, x.height), holeIsShown }: Condition): Image {
  if (holeIsShown) return x;
  const pixels = x.width * x.height;
  return { ...x, data: x.data.map((value, i) => (mask.data[i % pixels] === 1 ? 0 : value)) };
}
