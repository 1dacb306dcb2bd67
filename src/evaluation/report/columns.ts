/** What can stand in a column of a table, how it is written and which way is better. */
import type { Estimate, Row } from "./report.ts";

/** The half width of a 95 % interval in standard deviations of a normal distribution. */
export const intervalDeviations = 1.96;

export interface Column {
  /** With its unit and an arrow that points to the better side. */
  readonly heading: string;
  /** One sentence for whoever does not know the heading. */
  readonly meaning: string;
  /**
   * Which of the models' values is marked as the best one; none is where more is not simply better.
   */
  readonly better?: "low" | "high";
  readonly decimals: number;
  /** The table shows the value times this; default 1. */
  readonly factor?: number;
  /** `seconds`: of this row, per picture. */
  readonly of: (row: Row, seconds: number | undefined) => Estimate | undefined;
}

export const fid: Column = {
  heading: "FID\u00a0↓",
  meaning: "Fréchet distance of the pictures' features to the reference's.",
  better: "low",
  decimals: 1,
  of: (row) => row.metrics.fid,
};

const kid: Column = {
  heading: "KID ×10³\u00a0↓",
  meaning:
    "Kernel distance (unbiased MMD²) of the features to the reference's, over pairs of different photos, times 1000.",
  better: "low",
  decimals: 1,
  factor: 1000,
  of: (row) => row.metrics.kid,
};

const is: Column = {
  heading: "IS\u00a0↑",
  meaning: "Inception score.",
  better: "high",
  decimals: 1,
  of: (row) => row.metrics.is,
};

const ca: Column = {
  heading: "CA %\u00a0↑",
  meaning: "Share of the pictures that the classifier names rightly (top 1).",
  better: "high",
  decimals: 1,
  factor: 100,
  of: (row) => row.metrics.ca,
};

const pd: Column = {
  heading: "PD\u00a0↓",
  meaning:
    "Perceptual distance: mean Euclidean distance of a picture's features to its original's.",
  better: "low",
  decimals: 1,
  of: (row) => row.metrics.pd,
};

const ssim: Column = {
  heading: "SSIM\u00a0↑",
  meaning: "Structural similarity to the original. It favors blur, so the paper leaves it out.",
  better: "high",
  decimals: 3,
  of: (row) => row.metrics.ssim,
};

const psnr: Column = {
  heading: "PSNR dB\u00a0↑",
  meaning: "Peak signal-to-noise ratio. It favors blur, so the paper leaves it out.",
  better: "high",
  decimals: 2,
  of: (row) =>
    row.metrics.psnr ??
    (row.kind === "originals" ? { value: Number.POSITIVE_INFINITY } : undefined),
};

const diversity: Column = {
  heading: "Div. MS-SSIM\u00a0↓",
  meaning:
    "Diversity: mean MS-SSIM of the first sample of an input to each of its others: low is diverse.",
  decimals: 3,
  of: (row) => row.metrics.diversity?.msSsim,
};

const featureDiversity: Column = {
  heading: "Div. distance\u00a0↑",
  meaning:
    "Diversity: mean distance of the features of an input's consecutive samples: high is diverse.",
  decimals: 1,
  of: (row) => row.metrics.diversity?.featureDistance,
};

const secondsColumn: Column = {
  heading: "s/image",
  meaning: "Seconds of computing a picture, on the machine of this evaluation.",
  decimals: 3,
  of: (_, seconds) => (seconds === undefined ? undefined : { value: seconds }),
};

/** The paper's columns, in its order. */
export const paperColumns: readonly Column[] = [fid, is, ca, pd];
/** The paper's columns and ours behind them. */
export const allColumns: readonly Column[] = [
  ...paperColumns,
  kid,
  ssim,
  psnr,
  diversity,
  secondsColumn,
];
export const diversityColumns: readonly Column[] = [diversity, featureDiversity];

/** What the histograms show. */
export const perImageColumns = { pd, ssim, psnr } as const;

/** A value as the column's cells show it: `text`, and `interval` where there is a deviation. */
export function format(
  { value, deviation }: Estimate,
  { decimals, factor = 1 }: Pick<Column, "decimals" | "factor">,
): { readonly text: string; readonly interval?: string } {
  const text = fixed(value * factor, decimals);
  if (deviation === undefined || !Number.isFinite(deviation)) return { text };
  const half = intervalDeviations * deviation * factor;
  const shown = half.toFixed(decimals);
  // An interval is never shown as nothing because it is shorter than the last decimal.
  return { text, interval: half > 0 && Number(shown) === 0 ? half.toPrecision(1) : shown };
}

/** A number with so many decimals; of a number too small for them, its first digits. */
export function fixed(value: number, decimals: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text.replace("-", "−");
}
