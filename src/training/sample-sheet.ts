/** Samples of photos that the network was not trained on, as one picture. */

import { sampleSeeds } from "../diffusion/samplers/sample.ts";
import { defaultSampler, networkCalls } from "../diffusion/samplers/sampler-config.ts";
import type { TextRasterizer } from "../image/codec.ts";
import { contactSheet } from "../image/contact-sheet.ts";
import type { Image } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import { sampleConditions } from "../pipeline/sample-conditions.ts";
import type { Network } from "../runtime/network.ts";
import { byTask, type ValidationExample } from "./validation-set.ts";

/** Noise levels visited: enough to judge by, cheap enough to do often. */
const steps = 20;
/** The shown size of a picture, in pixels, is at least this. */
const shownSide = 128;
const columns = ["input", "sample", "truth"];

/** Images that go through the network for a sheet, counted call by call. */
export function sheetCalls({ objective, sampler }: ModelConfig, examples: number): number {
  return (
    examples * (objective.regression ? 1 : networkCalls((sampler ?? defaultSampler).sampler, steps))
  );
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
      images: some.flatMap(({ condition, y }, k) => [condition.x, samples[k]!, y]),
      label: `${name}: ${some.map(({ condition }) => condition.detail).join(", ")}`,
    });
  }
  const width = Math.max(...rows.map(({ images }) => images.length));
  return contactSheet(rows, text, {
    headings: Array.from({ length: width }, (_, c) => columns[c % columns.length]!),
    scale: Math.max(1, Math.ceil(shownSide / examples[0]!.y.width)),
  });
}

/** One sample of each of some examples of one task; their holes have the noise of the examples. */
function samplesOf(network: Network, examples: readonly ValidationExample[]): Promise<Image[]> {
  const seeds = sampleSeeds(`held out ${examples[0]!.task.name}`, examples.length);
  const samples = examples.map(({ condition }, k) => ({ condition, seed: seeds[k]! }));
  return sampleConditions(network, samples, { steps, holeNoise: "given" });
}
