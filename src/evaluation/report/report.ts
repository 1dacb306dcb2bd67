/** What an evaluation found: plain values, from which the file and the pages are written. */
import type { Image } from "../../image/image.ts";

/** A measured number. */
export interface Estimate {
  readonly value: number;
  /** bootstrap standard deviation */
  readonly deviation?: number;
}

/** How much the samples of one input differ (the paper's section 4.6). */
export interface Diversity {
  /** Mean MS-SSIM of the first sample to each of the others: low = diverse. */
  readonly msSsim: Estimate;
  /** Mean distance of the features of consecutive samples: high = diverse. */
  readonly featureDistance?: Estimate;
}

/** "other": pictures that another program made of the degraded ones. */
export type RowKind = "degraded" | "other" | "regression" | "palette" | "originals";

/** The columns; one is absent where it was not or cannot be measured (PSNR of the originals is infinite). */
export interface RowMetrics {
  readonly fid?: Estimate;
  readonly kid?: Estimate;
  readonly is?: Estimate;
  /** Top-1 accuracy of the classifier, 0..1. */
  readonly ca?: Estimate;
  readonly pd?: Estimate;
  /** dB */
  readonly psnr?: Estimate;
  readonly ssim?: Estimate;
  readonly diversity?: Diversity;
}

/** One line of a table: a set of pictures and how good it is. */
export interface Row {
  readonly id: string;
  readonly kind: RowKind;
  readonly label: string;
  /** model name, which several models may have */
  readonly model?: string;
  /** That of the model in `Report.models`. */
  readonly digest?: string;
  readonly sampler?: string;
  readonly steps?: number;
  readonly images: number;
  readonly metrics: RowMetrics;
  /** of each image, for histograms */
  readonly perImage: {
    readonly pd?: readonly number[];
    readonly psnr?: readonly number[];
    readonly ssim?: readonly number[];
  };
}

/** A task at one setting, with everything that was compared there. */
export interface ConditionReport {
  /** "dejpeg-5", "inpaint-freeform-10-20", "uncrop-right", "colorize" */
  readonly id: string;
  readonly task: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

/** A network whose features or probabilities were used. */
export interface NetworkInfo {
  readonly name: string;
  readonly title: string;
  /** SHA-256 of the ONNX file, hex. */
  readonly digest: string;
  /** "224x224 BGR, the whole picture squeezed into it (Lanczos3)" */
  readonly input: string;
  readonly license?: string;
}

/** A whole evaluation. The same evaluation gives the same report: nothing here depends on the clock. */
export interface Report {
  readonly format: 1;
  readonly version: string;
  readonly settings: {
    readonly data: string;
    readonly photos: number;
    readonly crops: number;
    readonly crop: "random" | "centre";
    /** Of random crops; absent for "half..full". */
    readonly cropScale?: string;
    readonly holdOut: string;
    readonly resolution: number;
    readonly seed: number;
    readonly samples: number;
    /** "dpm++:20" */
    readonly sampling: readonly string[];
    readonly replicates: number;
  };
  readonly reference: { readonly count: number; readonly what: string };
  readonly models: readonly {
    readonly name: string;
    readonly parameters: number;
    readonly images?: number;
    readonly tasks: readonly string[];
    readonly regression: boolean;
    readonly digest: string;
  }[];
  readonly networks: { readonly features?: NetworkInfo; readonly classifier?: NetworkInfo };
  readonly notes: readonly string[];
  readonly conditions: readonly ConditionReport[];
}

/** Seconds a picture by `${condition.id}/${row.id}`: apart from the report, as they differ from run to run. */
export type Seconds = Readonly<Record<string, number>>;

/** Pictures of one condition, to be looked at. */
export interface Grid {
  readonly condition: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Image[])[];
}
