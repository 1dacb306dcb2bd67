/** What the network makes of photos it was not trained on, as one picture to look at. */

import { sample, sampleSeeds } from "../diffusion/samplers/sample.ts";
import { resolveSampler } from "../diffusion/samplers/sampler-config.ts";
import { scheduleFrom, smallestGamma } from "../diffusion/schedule.ts";
import type { TextRasterizer } from "../image/codec.ts";
import { contactSheet } from "../image/contact-sheet.ts";
import type { Image } from "../image/image.ts";
import { stack, unstack } from "../image/stack.ts";
import type { ModelConfig } from "../models/config.ts";
import { type Network, regress } from "../runtime/network.ts";
import { compose } from "../tasks/task.ts";
import { byTask, type ValidationExample } from "./validation-set.ts";

/** Refinement steps: enough to judge by, cheap enough to do often. */
const steps = 20;
/** The shown size of a picture, in pixels, is at least this. */
const shownSide = 128;
const columns = ["input", "sample", "truth"];

/** For how many images the network is called in all. */
export function sheetCalls({ objective: { regression } }: ModelConfig, examples: number): number {
  return examples * (regression ? 1 : steps);
}

/** One row a task: input, sample and truth of each of its examples side by side. */
export async function samplesSheet(
  network: Network,
  examples: readonly ValidationExample[],
  text: TextRasterizer,
): Promise<Image> {
  const rows: { images: Image[]; label: string }[] = [];
  for (const [name, some] of byTask(examples)) {
    const samples = await samplesOf(network, some);
    rows.push({
      images: some.flatMap(({ condition, y }, k) => [
        condition.x,
        compose(condition, { ...y, data: samples[k]! }),
        y,
      ]),
      label: `${name}: ${some.map(({ condition }) => condition.detail).join(", ")}`,
    });
  }
  const width = Math.max(...rows.map(({ images }) => images.length));
  return contactSheet(rows, text, {
    headings: Array.from({ length: width }, (_, c) => columns[c % columns.length]!),
    scale: Math.max(1, Math.ceil(shownSide / examples[0]!.y.width)),
  });
}

/** One sample of each of some examples of one task. */
async function samplesOf(
  network: Network,
  examples: readonly ValidationExample[],
): Promise<Float32Array[]> {
  const { objective, sampler } = network.config;
  const { prediction, regression } = objective;
  const { trainingSchedule, inferenceSchedule } = network.config;
  const { width, height } = examples[0]!.y;
  const count = examples.length;
  const shape = [count, 3, height, width] as const;
  const source = stack(examples.map(({ condition }) => condition.x.data));
  if (regression) return unstack(await regress(network, source, shape), count);
  const masks = examples.flatMap(({ condition: { mask } }) => (mask ? [mask.data] : []));
  const all = await sample(
    {
      shape,
      prediction,
      predict: (noisy, gamma) => network.predict({ source, noisy, gamma, shape }),
      ...(masks.length === count && { known: { data: source, mask: stack(masks) } }),
    },
    {
      ...resolveSampler({}, sampler),
      steps,
      schedule: scheduleFrom(inferenceSchedule),
      smallestGamma: smallestGamma(scheduleFrom(trainingSchedule)),
      seeds: sampleSeeds(`held out ${examples[0]!.task.name}`, count),
    },
  );
  return unstack(all, count);
}
