/** What is measured of a set of answers, and how it is written. */

export interface MetricInfo {
  /** In tables; an arrow points to the better side. */
  readonly heading: string;
  /** In sentences. */
  readonly word: string;
  readonly meaning: string;
  readonly decimals: number;
  /** It is shown times this. */
  readonly factor: number;
}

/** In the order of the tables. */
export const metrics = {
  kid: {
    heading: "KID ×10³ ↓",
    word: "KID ×10³",
    meaning:
      "kernel distance (unbiased) of the answers' features to those of other crops of the same photos",
    decimals: 1,
    factor: 1000,
  },
  fid: {
    heading: "FID ↓",
    word: "FID",
    meaning: "Fréchet distance of the same; too high at this number of crops, alike in all rows",
    decimals: 1,
    factor: 1,
  },
  pd: {
    heading: "PD ↓",
    word: "PD",
    meaning: "mean distance of an answer's features to its original's",
    decimals: 2,
    factor: 1,
  },
  ssim: {
    heading: "SSIM ↑",
    word: "SSIM",
    meaning: "structural similarity to the original; it favours blur",
    decimals: 3,
    factor: 1,
  },
  psnr: {
    heading: "PSNR dB ↑",
    word: "PSNR in dB",
    meaning: "peak signal-to-noise ratio; it favours blur",
    decimals: 2,
    factor: 1,
  },
  similarity: {
    heading: "MS-SSIM of samples",
    word: "MS-SSIM of sample pairs",
    meaning: "multi-scale SSIM of two answers to one input: low is diverse",
    decimals: 4,
    factor: 1,
  },
  spread: {
    heading: "distance of samples",
    word: "feature distance of sample pairs",
    meaning: "distance of the features of two answers to one input: high is diverse",
    decimals: 2,
    factor: 1,
  },
} as const satisfies Record<string, MetricInfo>;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as [MetricName, ...MetricName[]];

/** A number, and what it would be on each resample of the photos. */
export interface Measure {
  readonly value: number;
  /** Empty where it was not resampled (FID). */
  readonly replicates: readonly number[];
}

/** What was measured of one set; what could not be is left out. */
export type Measures = Partial<Record<MetricName, Measure>>;
