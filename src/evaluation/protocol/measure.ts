/** All measures of one set of pictures, each with how far it would scatter with other photos. */
import { type Rows, rowsOf, type SetFeatures } from "../features/extract-features.ts";
import { bootstrapDeviation, type Statistic } from "../metrics/bootstrap.ts";
import { diversityMsSsim } from "../metrics/diversity.ts";
import { type FrechetReference, frechetDistance, frechetReference } from "../metrics/fid.ts";
import { frechetResampler, mostResampled } from "../metrics/fid-resampler.ts";
import { classificationHits, inceptionScoreResampler } from "../metrics/inception-score.ts";
import {
  type KernelReference,
  kernelReference,
  kernelResampler,
  leastForKid,
} from "../metrics/kid.ts";
import { consecutiveDistance, perceptualDistances } from "../metrics/perceptual.ts";
import { psnr } from "../metrics/psnr.ts";
import { meanResampler } from "../metrics/resample.ts";
import { ssim } from "../metrics/ssim.ts";
import type { Diversity, Estimate, Row, RowMetrics } from "../report/report.ts";

export interface MeasurerOptions {
  readonly originals: SetFeatures;
  /** What distributions are compared with; its pixels are not needed. */
  readonly reference: SetFeatures;
  /** Of each picture, which photo it was cut from. */
  readonly groups: readonly number[];
  /** The same of the reference's pictures. */
  readonly referenceGroups: readonly number[];
  /** Of each picture, its class; those without one do not count for CA. */
  readonly labels: readonly (number | undefined)[];
  /** Resamples of the photos; 0: no intervals. */
  readonly replicates: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** A picture counts for no more than this in a mean, in dB: nobody sees a difference so small. */
const mostPsnr = 60;

export class Measurer {
  private readonly options: MeasurerOptions;
  private readonly everything: Int32Array;
  /** The reference's share of FID and KID, the same for each row of a table. */
  private prepared: { frechet: FrechetReference; kernel: KernelReference } | undefined;

  constructor(options: MeasurerOptions) {
    this.options = options;
    this.everything = Int32Array.from(options.groups, (_, k) => k);
  }

  /** The columns of a row, and the numbers of each picture for histograms. */
  async measure(looks: SetFeatures): Promise<Pick<Row, "metrics" | "perImage">> {
    const { originals } = this.options;
    const { features } = looks;
    const size = { width: looks.width, height: looks.height };
    const each = {
      ssim: looks.bytes.map((bytes, k) => ssim(bytes, originals.bytes[k]!, size)),
      psnr: looks.bytes.map((bytes, k) => psnr(bytes, originals.bytes[k]!, size)),
      pd: features && [
        ...perceptualDistances(features.data, originals.features!.data, features.dim),
      ],
    };
    // Of equal pictures it is infinite, and one of them would make the mean say nothing.
    const capped = each.psnr.map((value) => Math.min(value, mostPsnr));
    const equal = each.psnr.every((value) => value === Number.POSITIVE_INFINITY);
    return {
      metrics: {
        ...(features && (await this.distances(features, looks))),
        ...(looks.probabilities && { is: await this.inception(looks.probabilities) }),
        ...(await this.accuracy(looks.classified)),
        ...(each.pd && { pd: await this.estimate(meanResampler(each.pd)) }),
        ...(!equal && { psnr: await this.estimate(meanResampler(capped)) }),
        ssim: await this.estimate(meanResampler(each.ssim)),
      },
      perImage: {
        ...(each.pd && { pd: each.pd }),
        ...(!equal && { psnr: capped }),
        ssim: each.ssim,
      },
    };
  }

  /** Of several answers to each picture (the paper's section 4.6). */
  async diversity(samples: readonly SetFeatures[]): Promise<Diversity> {
    const [first] = samples;
    const { count, width, height, features } = first!;
    const indices = Array.from({ length: count }, (_, k) => k);
    const similar = indices.map((k) =>
      diversityMsSsim(
        samples.map(({ bytes }) => bytes[k]!),
        { width, height },
      ),
    );
    const msSsim = await this.estimate(meanResampler(similar));
    if (features === undefined) return { msSsim };
    const apart = indices.map((k) => {
      const rows = samples.map((one) => rowsOf(one.features!, [k]));
      const joined = new Float32Array(rows.length * features.dim);
      rows.forEach((row, i) => {
        joined.set(row, i * features.dim);
      });
      return consecutiveDistance(joined, features.dim);
    });
    return { msSsim, featureDistance: await this.estimate(meanResampler(apart)) };
  }

  /** A set that is its own reference is at no distance, and resamples of it would say otherwise. */
  private async distances(
    { data, dim }: Rows,
    looks: SetFeatures,
  ): Promise<Pick<RowMetrics, "fid" | "kid">> {
    if (looks === this.options.reference) return { fid: { value: 0 } };
    const { reference, groups, referenceGroups } = this.options;
    this.prepared ??= prepare(reference.features!, referenceGroups);
    const { prepared } = this;
    const few = this.everything.length <= mostResampled;
    const enough = Math.min(data.length, reference.features!.data.length) / dim >= leastForKid;
    const kid =
      enough && (await this.estimate(kernelResampler(data, prepared.kernel, dim, groups)));
    return {
      fid: few
        ? await this.estimate(frechetResampler(data, prepared.frechet, dim))
        : { value: frechetDistance(data, prepared.frechet, dim) },
      // Crops of a single photo have no pairs.
      ...(kid && Number.isFinite(kid.value) && { kid }),
    };
  }

  private inception({ data, dim }: Rows): Promise<Estimate> {
    return this.estimate(inceptionScoreResampler(data, dim));
  }

  /** Top-1 accuracy over the pictures that have a label. */
  private async accuracy(classified: Rows | undefined): Promise<{ ca?: Estimate }> {
    const { labels, groups } = this.options;
    const known = [...this.everything].filter((k) => labels[k] !== undefined);
    if (classified === undefined || known.length === 0) return {};
    const hits = classificationHits(
      rowsOf(classified, known),
      classified.dim,
      known.map((k) => labels[k]!),
    );
    const ofPhoto = known.map((k) => groups[k]!);
    return { ca: await this.estimate(meanResampler(hits), ofPhoto) };
  }

  private async estimate(
    statistic: Statistic,
    groups: readonly number[] = this.options.groups,
  ): Promise<Estimate> {
    const { replicates, seed, signal } = this.options;
    const value = statistic(Int32Array.from(groups, (_, k) => k));
    if (replicates < 2 || new Set(groups).size < 2) return { value };
    const options = { groups, replicates, seed, ...(signal && { signal }) };
    return { value, deviation: await bootstrapDeviation(options, statistic) };
  }
}

function prepare(
  { data, dim }: Rows,
  groups: readonly number[],
): { frechet: FrechetReference; kernel: KernelReference } {
  return { frechet: frechetReference(data, dim), kernel: kernelReference(data, dim, groups) };
}
