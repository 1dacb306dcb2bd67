/**
 * A set of answers measured: each number, and the same on resamples of the photos. The draws are
 * the same for all sets of a protocol, so that differences of two sets are those of pairs.
 */
import {
  extractFeatures,
  type FeatureExtractors,
  type FeatureStore,
  rowsOf,
  type SetFeatures,
} from "../evaluation/features/extract-features.ts";
import { bootstrapValues, type Statistic } from "../evaluation/metrics/bootstrap.ts";
import { diversityMsSsim } from "../evaluation/metrics/diversity.ts";
import {
  type FrechetReference,
  frechetDistance,
  frechetReference,
} from "../evaluation/metrics/fid.ts";
import {
  type KernelReference,
  kernelReference,
  kernelResampler,
  leastForKid,
} from "../evaluation/metrics/kid.ts";
import { consecutiveDistance, perceptualDistances } from "../evaluation/metrics/perceptual.ts";
import { psnr } from "../evaluation/metrics/psnr.ts";
import { meanResampler } from "../evaluation/metrics/resample.ts";
import { ssim } from "../evaluation/metrics/ssim.ts";
import type { CropSource } from "../evaluation/protocol/crops.ts";
import { fromBytes } from "../image/image.ts";
import type { Measure, Measures } from "./metrics.ts";
import type { PlannedSet, Protocol } from "./planned.ts";

/** Above it a picture's PSNR counts as this, in dB: nobody sees a difference so small. */
const mostPsnr = 60;

export interface MeasureTools {
  readonly crops: CropSource;
  readonly extractors: FeatureExtractors;
  readonly signal?: AbortSignal;
  readonly onPicture?: () => void;
}

/** Measures the sets of one protocol: the originals and the reference are looked at once. */
export class SetMeasurer {
  private readonly protocol: Protocol;
  private readonly tools: MeasureTools;
  private readonly groups: readonly number[];
  private readonly referenceGroups: readonly number[];
  private originals: SetFeatures | undefined;
  private reference: { frechet?: FrechetReference; readonly kernel: KernelReference } | undefined;
  private referenceRows: Float32Array | undefined;

  constructor(protocol: Protocol, tools: MeasureTools) {
    this.protocol = protocol;
    this.tools = tools;
    const { crops } = tools;
    const each = (count: number, set: "evaluated" | "reference") =>
      Array.from({ length: count }, (_, k) => crops.photoOf(k, set));
    this.groups = each(protocol.crops, "evaluated");
    this.referenceGroups = each(protocol.referenceCrops, "reference");
  }

  async measure(
    { source, fid }: PlannedSet,
    samples: readonly (readonly Uint8Array[])[],
  ): Promise<Measures> {
    const originals = await this.lookAtOriginals();
    const looks: SetFeatures[] = [];
    for (const pictures of samples) {
      looks.push(source === "originals" ? originals : await this.look(pictures));
    }
    const [first] = looks;
    const { features } = first!;
    const size = { width: first!.width, height: first!.height };
    const measures: Measures = {};
    if (features !== undefined) {
      const { kernel, frechet } = await this.prepare(features.dim, fid);
      if (Math.min(this.protocol.crops, this.protocol.referenceCrops) >= leastForKid) {
        const kid = await this.resampled(
          kernelResampler(features.data, kernel, features.dim, this.groups),
        );
        if (Number.isFinite(kid.value)) measures.kid = kid;
      }
      if (frechet) {
        const value = frechetDistance(features.data, frechet, features.dim);
        measures.fid = { value, replicates: [] };
      }
    }
    if (source === "originals") return measures;
    if (features !== undefined) {
      const apart = perceptualDistances(features.data, originals.features!.data, features.dim);
      measures.pd = await this.resampled(meanResampler(apart));
    }
    const both = first!.bytes.map((bytes, k) => [bytes, originals.bytes[k]!] as const);
    measures.ssim = await this.resampled(meanResampler(both.map(([a, b]) => ssim(a, b, size))));
    const each = both.map(([a, b]) => Math.min(mostPsnr, psnr(a, b, size)));
    measures.psnr = await this.resampled(meanResampler(each));
    if (looks.length > 1) await this.addDiversity(measures, looks);
    return measures;
  }

  private async addDiversity(measures: Measures, looks: readonly SetFeatures[]): Promise<void> {
    const { width, height } = looks[0]!;
    const indices = [...this.groups.keys()];
    const alike = indices.map((k) =>
      diversityMsSsim(
        looks.map(({ bytes }) => bytes[k]!),
        { width, height },
      ),
    );
    measures.similarity = await this.resampled(meanResampler(alike));
    const rows = looks.flatMap(({ features }) => features ?? []);
    if (rows.length < looks.length) return;
    const { dim } = rows[0]!;
    const apart = indices.map((k) => {
      const joined = new Float32Array(rows.length * dim);
      rows.forEach((one, i) => {
        joined.set(rowsOf(one, [k]), i * dim);
      });
      return consecutiveDistance(joined, dim);
    });
    measures.spread = await this.resampled(meanResampler(apart));
  }

  private async resampled(statistic: Statistic): Promise<Measure> {
    const { replicates, seed } = this.protocol;
    const { signal } = this.tools;
    const value = statistic(Int32Array.from(this.groups.keys()));
    const options = { groups: this.groups, replicates, seed, ...(signal && { signal }) };
    return { value, replicates: await bootstrapValues(options, statistic) };
  }

  private look(pictures: readonly Uint8Array[]): Promise<SetFeatures> {
    const { extractors, signal, onPicture } = this.tools;
    const { resolution } = this.protocol;
    const picture = async (k: number) => fromBytes(pictures[k]!, resolution, resolution);
    return extractFeatures(
      { name: "answers", count: pictures.length, picture },
      { ...extractors, classifier: undefined, store: noStore },
      { onPicture, ...(signal && { signal }) },
    );
  }

  private async lookAtOriginals(): Promise<SetFeatures> {
    if (this.originals === undefined) {
      const { extractors, crops, signal, onPicture } = this.tools;
      this.originals = await extractFeatures(
        {
          name: `originals ${this.protocol.key}`,
          count: this.protocol.crops,
          picture: async (k) => (await crops.crop(k)).image,
        },
        { ...extractors, classifier: undefined },
        { onPicture, ...(signal && { signal }) },
      );
    }
    return this.originals;
  }

  private async prepare(dim: number, fid: boolean) {
    const { extractors, crops, signal, onPicture } = this.tools;
    if (this.referenceRows === undefined) {
      const { features } = await extractFeatures(
        {
          name: `reference ${this.protocol.key}`,
          count: this.protocol.referenceCrops,
          picture: async (k) => (await crops.crop(k, "reference")).image,
        },
        { ...extractors, classifier: undefined },
        { pixels: false, onPicture, ...(signal && { signal }) },
      );
      this.referenceRows = features!.data;
    }
    const rows = this.referenceRows;
    this.reference ??= { kernel: kernelReference(rows, dim, this.referenceGroups) };
    if (fid) this.reference.frechet ??= frechetReference(rows, dim);
    return { kernel: this.reference.kernel, frechet: fid ? this.reference.frechet : undefined };
  }
}

/** Features of answers are needed once. */
const noStore: FeatureStore = { read: async () => undefined, write: async () => {} };
