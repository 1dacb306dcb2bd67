/**
 * Sharp fillings. What was filled at the network's scale and enlarged is made sharp at 2, 4, ...
 * times that scale, up to the picture's own pixels, by the task `sharpen` in windows that see the
 * sharp surroundings: a cascade (SR3, Saharia et al. 2021).
 */

import type { SamplerChoices } from "../diffusion/samplers/sampler-config.ts";
import { atLeast, crop, type Image, type Mask } from "../image/image.ts";
import { clearBox } from "../image/mask.ts";
import type { Size } from "../image/model-size.ts";
import { cropAndResize, resize } from "../image/resize.ts";
import { ownSampler } from "../models/settings/sampling.ts";
import type { Network } from "../runtime/network.ts";
import type { EnlargedFill } from "../tasks/task.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { SeedPart } from "../util/random.ts";
import { floatsInUse } from "./batches.ts";
import { type ConditionOptions, callsOf, sampleConditions } from "./sample-conditions.ts";
import { type SamplingOptions, samplingDefaults } from "./sampling-options.ts";
import { holeAt, type Part, type Stage, seenMask, stagesOf } from "./sharpen-stages.ts";

/** Pictures of the whole size in memory: as it was made, enlarged, and a mask. */
const picturesInUse = 2.5;

export interface SharpenOptions extends Pick<SamplingOptions, "onStep" | "onTiles" | "signal"> {
  /** The name of the sample's noise stream. */
  readonly seed: readonly SeedPart[];
}

/** Makes the enlarged fillings of pictures sharp. */
export class FillSharpener {
  /** Of a picture: each window of each network call is one. 0 where nothing is to be sharpened. */
  readonly steps: number;
  /** Pixels that are sampled at a time, at most. */
  readonly pixelsAtOnce: number;
  private readonly network: Network;
  private readonly stages: readonly Stage[];
  private readonly sampling: Pick<ConditionOptions, "steps" | "mean"> & SamplerChoices;

  /** @param options `mean`: each stage is the posterior mean, too */
  constructor(
    network: Network,
    fillings: readonly EnlargedFill[],
    { mean }: Pick<SamplingOptions, "mean"> = {},
  ) {
    const { config } = network;
    const steps = config.sampling?.steps?.sharpen ?? samplingDefaults.sharpenSteps;
    this.network = network;
    this.sampling = mean ? { mean } : { ...ownSampler(config, "sharpen"), steps };
    this.stages = fillings.flatMap((filling) => stagesOf(filling, config));
    const parts = this.stages.flatMap(({ parts }) => parts);
    const windows = parts.reduce((sum, part) => sum + part.windows, 0);
    this.steps = windows * callsOf(config, this.sampling);
    this.pixelsAtOnce = Math.max(0, ...parts.map(({ seen }) => seen.width * seen.height));
  }

  /**
   * @param size of the picture that is sharpened
   * @param what names the picture in the error: "A panorama"
   * @throws PaletteError when the platform knows that it does not fit in memory.
   */
  assertFits({ width, height }: Size, what: string): void {
    if (this.steps === 0) return;
    const values = picturesInUse * width * height + floatsInUse * this.pixelsAtOnce;
    this.network.assertFits?.(
      4 * 3 * values,
      `${what} of ${width}x${height} pixels`,
      "take a smaller photo, or leave what is added as soft as it is made",
    );
  }

  /**
   * Sharpens in the place of `picture`; no other pixel changes.
   * @param options.onStep is told steps of this.steps
   */
  async sharpen(picture: Image, { seed, onStep, onTiles, signal }: SharpenOptions): Promise<void> {
    const { resolution } = this.network.config.network;
    const { steps } = this;
    let done = 0;
    for (const [s, { filling, width, height, parts }] of this.stages.entries()) {
      const { box } = filling;
      const stage = cropAndResize(picture, box, width, height);
      const hole = holeAt(filling, stage);
      for (const [p, part] of parts.entries()) {
        const x = atLeast(crop(stage, part.seen), resolution);
        const mask = seenMask(hole, part.seen, resolution);
        const condition = { x, mask, holeIsShown: true, detail: "blurred" } as const;
        const [answer] = await sampleConditions(
          this.network,
          [{ condition, seed: [...seed, "sharpen", s, p] }],
          {
            ...this.sampling,
            ...omitUndefined({ signal }),
            ...(onTiles && { onTiles: () => onTiles(1, 1) }),
            async onStep(progress) {
              done += part.windows;
              await onStep?.({ ...progress, step: done, steps });
            },
          },
        );
        if (answer !== undefined) take(stage, answer, hole, part);
        clearBox(hole, part.made);
      }
      if (stage !== picture) put(picture, resize(stage, box.width, box.height), filling);
    }
  }
}

/** Writes what is filled in `made` from the answer to what was `seen`. */
function take(stage: Image, answer: Image, hole: Mask, { seen, made }: Part): void {
  const [pixels, own] = [stage.width * stage.height, answer.width * answer.height];
  for (let y = made.top; y < made.top + made.height; y++) {
    for (let x = made.left; x < made.left + made.width; x++) {
      const at = y * stage.width + x;
      if (hole.data[at] !== 1) continue;
      const from = (y - seen.top) * answer.width + x - seen.left;
      for (let c = 0; c < 3; c++) stage.data[c * pixels + at] = answer.data[c * own + from]!;
    }
  }
}

/** Writes what is filled into the picture. */
function put(picture: Image, part: Image, { box, fill }: EnlargedFill): void {
  const [pixels, own] = [picture.width * picture.height, part.width * part.height];
  for (let y = 0, i = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++, i++) {
      if (fill.data[i] !== 1) continue;
      const at = (box.top + y) * picture.width + box.left + x;
      for (let c = 0; c < 3; c++) picture.data[c * pixels + at] = part.data[c * own + i]!;
    }
  }
}
