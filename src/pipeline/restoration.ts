/**
 * The sampling of one photo whose conditions a task has prepared: batches of network calls, and
 * answers that are finished as soon as all of their samples are there.
 */
import { sampleSeeds } from "../diffusion/samplers/sample.ts";
import { copyOf, type Image, withoutColours } from "../image/image.ts";
import type { Network } from "../runtime/network.ts";
import type { Condition } from "../tasks/task.ts";
import { Random, type SeedPart } from "../util/random.ts";
import { batchesOf, type SampleNumber } from "./batches.ts";
import { callsOf, sampleConditions } from "./sample-conditions.ts";
import type { SamplingOptions, SamplingProgress, WalkStart } from "./sampling-options.ts";
import type { FillSharpener } from "./sharpen-fill.ts";

/** What is to be sampled, and how. */
export interface RestorationPlan {
  readonly conditions: readonly Condition[];
  /** From a sample of each condition to the photo's own size. */
  readonly finish: (samples: readonly Image[]) => Promise<Image>;
  /** The photo, and the network's share in the answer where that is below 1. */
  readonly blend?: { readonly photo: Image; readonly share: number };
  /** The answer has no colours, as the photo has none. */
  readonly staysGray: boolean;
  readonly sharpener: FillSharpener;
  readonly samples: number;
  readonly seed: number;
  readonly steps: number;
  readonly start: WalkStart;
  readonly pixelsAtOnce: number;
  readonly options: Omit<SamplingOptions, "samples" | "seed" | "steps">;
}

export class Restoration {
  private readonly network: Network;
  private readonly plan: RestorationPlan;
  private readonly seeds: readonly (readonly (readonly SeedPart[])[])[];
  /** Those of each condition so far; a sample that was given away is missing. */
  private readonly sampled: (Image | undefined)[][];
  /** Network calls of a batch. */
  private readonly calls: number;
  private readonly batches: readonly (readonly SampleNumber[])[];
  private readonly steps: number;
  /** Of the steps. */
  private reached = 0;

  constructor(network: Network, plan: RestorationPlan) {
    const { conditions, samples, seed, steps, start, sharpener, pixelsAtOnce } = plan;
    this.network = network;
    this.plan = plan;
    this.seeds = conditions.map((_, k) =>
      sampleSeeds(k === 0 ? seed : Random.from(seed, "part", k).integer(0, 2 ** 31 - 1), samples),
    );
    this.sampled = conditions.map(() => []);
    this.calls = callsOf(network.config, { ...plan.options, ...start, steps });
    this.batches = batchesOf(conditions, samples, pixelsAtOnce);
    this.steps = this.batches.length * this.calls + samples * sharpener.steps;
  }

  /** The answers, one after the other; what was given away is not held. */
  async *answers(): AsyncGenerator<Image, void, undefined> {
    const { samples, options } = this.plan;
    let given = 0;
    for (const batch of this.batches) {
      await this.sample(batch);
      while (given < samples && this.sampled.every(({ length }) => length > given)) {
        options.signal?.throwIfAborted();
        options.onFinish?.(given, samples);
        yield await this.answer(given++);
      }
    }
  }

  /** Samples a batch. Its pictures in progress are whole answers, with what others are by now. */
  private async sample(batch: readonly SampleNumber[]): Promise<void> {
    const { conditions, options, steps, start } = this.plan;
    const requests = batch.map(({ condition: k, sample }) => ({
      condition: conditions[k]!,
      seed: this.seeds[k]![sample]!,
    }));
    const picture = (sample: number, estimates: readonly Image[]) =>
      this.finished(
        conditions.map((condition, k) => {
          const n = batch.findIndex((one) => one.condition === k && one.sample === sample);
          return estimates[n] ?? copyOf(this.sampled[k]![sample] ?? condition.x);
        }),
      );
    const images = await sampleConditions(this.network, requests, {
      ...{ ...options, ...start, steps },
      ...this.reporting(
        ({ estimates }) =>
          new Map(batch.map(({ sample }) => [sample, () => picture(sample, estimates())])),
      ),
    });
    this.reached += this.calls;
    for (const [n, { condition }] of batch.entries()) this.sampled[condition]!.push(images[n]!);
  }

  /** Answer number `number`, finished and sharpened. */
  private async answer(number: number): Promise<Image> {
    const { sharpener, options } = this.plan;
    const own = this.sampled.map((each) => each[number]!);
    for (const each of this.sampled) each[number] = undefined;
    const answer = await this.finished(own);
    await sharpener.sharpen(answer, {
      ...{ ...options, seed: this.seeds[0]![number]! },
      ...this.reporting(() => new Map([[number, async () => this.uncoloured(copyOf(answer))]])),
    });
    this.reached += sharpener.steps;
    return sharpener.steps > 0 ? this.uncoloured(answer) : answer;
  }

  private async finished(samples: readonly Image[]): Promise<Image> {
    const { finish, blend } = this.plan;
    const whole = await finish(samples);
    return this.uncoloured(blend ? mixed(whole, blend.photo, blend.share) : whole);
  }

  private uncoloured(image: Image): Image {
    return this.plan.staysGray ? withoutColours(image) : image;
  }

  /** Tells of the steps of the whole restoration, with its pictures, if anybody listens. */
  private reporting(
    pictures: (progress: SamplingProgress) => NonNullable<SamplingProgress["pictures"]>,
  ): Pick<SamplingOptions, "onStep"> {
    const { onStep } = this.plan.options;
    if (onStep === undefined) return {};
    return {
      onStep: (progress) => {
        const step = this.reached + progress.step;
        onStep({ ...progress, step, steps: this.steps, pictures: pictures(progress) });
      },
    };
  }
}

/** `share` of `a`, and `b` for the rest, in the place of `a`; both of one size. */
function mixed(a: Image, b: Image, share: number): Image {
  const { data } = a;
  for (let i = 0; i < data.length; i++) data[i] = b.data[i]! + share * (data[i]! - b.data[i]!);
  return a;
}
