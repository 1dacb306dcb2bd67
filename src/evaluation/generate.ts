/** Makes the pictures of an evaluation: what is degraded, what each model answers, and the originals. */

import { networkCalls } from "../diffusion/samplers/sampler-config.ts";
import { createMask, type Image, type Mask } from "../image/image.ts";
import type { UNetConfig } from "../nn/config.ts";
import { usesLowMemory } from "../nn/graphs.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { nodeCodec } from "../node/codec.ts";
import { writeImage } from "../node/encode-image.ts";
import { Palette } from "../node/palette.ts";
import type { SampleRequest } from "../pipeline/palette.ts";
import type { SamplingProgress } from "../pipeline/sampling-options.ts";
import type { SessionOptions } from "../runtime/runtime.ts";
import type { Condition } from "../tasks/task.ts";
import { Random } from "../util/random.ts";
import { degraded, type EvaluationCondition } from "./conditions.ts";
import type { CropSource } from "./crops.ts";
import type { EvaluationFolder } from "./evaluation-folder.ts";
import type { EvaluatedModel, EvaluationPlan, PlannedRow } from "./plan.ts";

/** Names of the rows that are no model's; also their folders. */
export const inputRow = "degraded";
/** Not a row: where the holes are, white, for other programs. */
const maskFolder = "mask";
export const originalsRow = "originals";

/**
 * Pictures asked for at a time: enough to keep all cores at work, and what a kill can cost. A large
 * network computes one after the other anyway, for minutes each; its answers are the same bits alone.
 */
export function picturesTogether(network: UNetConfig): number {
  return usesLowMemory(parameterSpecs(network)) ? 1 : 8;
}

export interface AnswerTools {
  readonly plan: EvaluationPlan;
  readonly folder: EvaluationFolder;
  readonly crops: CropSource;
  /** Where the models run. */
  readonly session: SessionOptions;
  readonly signal?: AbortSignal | undefined;
  /** Told after each picture that is prepared, or found so. */
  readonly onPrepared?: (() => void) | undefined;
  /** Told before and after a model is loaded. */
  readonly onLoading?: ((done: boolean) => void) | undefined;
  /** Told how many further network calls are done, or found done. */
  readonly onCalls?: ((calls: number) => void) | undefined;
}

/** Originals and degraded pictures. */
export function preparedPictures({ crops, conditions }: EvaluationPlan): number {
  return crops * (1 + conditions.length);
}

/** Network calls that all answers take. */
export function callsOf({ crops }: EvaluationPlan, { sampling, samples }: PlannedRow): number {
  return crops * samples * callsEach(sampling);
}

/** Network calls of a sample; the Regression baseline takes one. */
function callsEach(sampling: PlannedRow["sampling"]): number {
  return sampling === undefined ? 1 : networkCalls(sampling.sampler, sampling.steps);
}

/** Writes the originals, where they are not there yet. */
export async function writeOriginals(tools: AnswerTools): Promise<void> {
  const { plan, folder, crops, signal, onPrepared } = tools;
  for (let k = 0; k < plan.crops; k++) {
    signal?.throwIfAborted();
    const path = folder.picture(originalsRow, originalsRow, k);
    if (!(await folder.have([path]))) await writeImage(path, (await crops.crop(k)).image);
    onPrepared?.();
  }
}

/** Writes a condition's degraded pictures, the holes in middle gray. */
export async function writeDegraded(
  { plan, folder, crops, signal, onPrepared }: AnswerTools,
  condition: EvaluationCondition,
): Promise<void> {
  for (let k = 0; k < plan.crops; k++) {
    signal?.throwIfAborted();
    const path = folder.picture(condition.id, inputRow, k);
    if (!(await folder.have([path]))) {
      const { image } = await crops.crop(k);
      const made = await degraded(condition, image, plan.common.seed, k, nodeCodec);
      if (made.mask)
        await writeImage(folder.picture(condition.id, maskFolder, k), pictureOf(made.mask));
      await writeImage(path, shown(made));
    }
    onPrepared?.();
  }
}

/** Writes a model's answers to all conditions, where they are not there yet. */
export async function writeAnswers(
  tools: AnswerTools,
  model: EvaluatedModel,
  work: readonly { readonly condition: EvaluationCondition; readonly row: PlannedRow }[],
): Promise<void> {
  const together = picturesTogether(model.config.network);
  let palette: Palette | undefined;
  try {
    for (const { condition, row } of work) {
      for (let first = 0; first < tools.plan.crops; first += together) {
        tools.signal?.throwIfAborted();
        const last = Math.min(first + together, tools.plan.crops);
        const indices = Array.from({ length: last - first }, (_, k) => first + k);
        const paths = indices.map((index) => pathsOf(tools.folder, condition, row, index));
        const calls = indices.length * row.samples * callsEach(row.sampling);
        let told = 0;
        const tell = (share: number) => {
          const now = Math.floor(share * calls);
          tools.onCalls?.(now - told);
          told = now;
        };
        if (!(await tools.folder.have(paths.flat()))) {
          palette ??= await warm(model, tools, condition, together);
          // The last share is told when the answers are on the disk.
          await answerSome(tools, palette, condition, row, indices, paths, ({ step, steps }) => {
            if (step < steps) tell(step / steps);
          });
        }
        tell(1);
      }
    }
  } finally {
    await palette?.dispose();
  }
}

/** The files of a row's answers to picture `index`. */
export function pathsOf(
  folder: EvaluationFolder,
  condition: EvaluationCondition,
  { id, samples }: PlannedRow,
  index: number,
): string[] {
  return Array.from({ length: samples }, (_, k) => folder.picture(condition.id, id, index, k));
}

/** Loads the model and lets it answer once, so that compiling it is not taken for its speed. */
async function warm(
  { folder }: EvaluatedModel,
  { plan, crops, session, onLoading }: AnswerTools,
  condition: EvaluationCondition,
  together: number,
): Promise<Palette> {
  onLoading?.(false);
  const palette = await Palette.load(folder, { ...session, onWarning: () => {} });
  const { image } = await crops.crop(0);
  const first = await degraded(condition, image, plan.common.seed, 0, nodeCodec);
  const questions = Array.from({ length: together }, (_, seed) => ({ condition: first, seed }));
  await palette.sampleBatch(questions, { steps: 1, together: true });
  onLoading?.(true);
  return palette;
}

async function answerSome(
  { plan, folder, crops, signal }: AnswerTools,
  palette: Palette,
  condition: EvaluationCondition,
  { id, sampling, samples }: PlannedRow,
  indices: readonly number[],
  paths: readonly (readonly string[])[],
  onStep: (step: SamplingProgress) => void,
): Promise<void> {
  const { seed } = plan.common;
  const questions: SampleRequest[] = [];
  for (const index of indices) {
    const { image } = await crops.crop(index);
    questions.push({
      condition: await degraded(condition, image, seed, index, nodeCodec),
      // Answers to one picture differ between conditions, and are the same for all models and steps.
      seed: Random.from(seed, "answers", condition.id, index).integer(0, 2 ** 31 - 1),
    });
  }
  const start = performance.now();
  const answers = await palette.sampleBatch(questions, {
    ...sampling,
    ...{ samples, signal, onStep, together: true },
  });
  const seconds = (performance.now() - start) / 1000;
  for (const [k, images] of answers.entries()) {
    for (const [sample, image] of images.entries()) await writeImage(paths[k]![sample]!, image);
  }
  await folder.addTime(condition.id, id, { seconds, images: indices.length * samples });
}

/** White where it is to be filled. */
function pictureOf({ width, height, data }: Mask): Image {
  const plane = data.map((value) => 2 * value - 1);
  return { width, height, data: Float32Array.from([...plane, ...plane, ...plane]) };
}

/** A condition as a picture: the noise that marks the hole is the network's business. */
function shown({ x, mask = createMask(x.width, x.height), holeIsShown }: Condition): Image {
  if (holeIsShown) return x;
  const pixels = x.width * x.height;
  return { ...x, data: x.data.map((value, i) => (mask.data[i % pixels] === 1 ? 0 : value)) };
}
