/**
 * What an evaluation found, as plain values, and its file `report.json`. The same evaluation gives
 * the same bytes: nothing here depends on the clock.
 */
import { z } from "zod";
import type { Image } from "../../image/image.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";

/** JSON has no infinity; the PSNR of two equal pictures is one, and is written as a word. */
const number = z.union([
  z.number(),
  z.enum(["Infinity", "-Infinity", "NaN"]).transform((word) => Number(word)),
  z.literal([Infinity, -Infinity]),
  z.nan(),
]);
const count = z.int().min(0);
const numbers = z.array(number).optional();
const text = z.string();
/** A measured number and its bootstrap standard deviation. */
const estimate = z.strictObject({ value: number, deviation: number.optional() });

const row = z.strictObject({
  id: text,
  /** "other": pictures that another program made of the degraded ones. */
  kind: z.enum(["degraded", "other", "regression", "palette", "originals"]),
  label: text,
  /** The model's name, which several models may have. */
  model: text.optional(),
  /** That of the model in `Report.models`. */
  digest: text.optional(),
  sampler: text.optional(),
  steps: count.optional(),
  images: count,
  /** One is absent where it was not or cannot be measured (PSNR of the originals is infinite). */
  metrics: z.strictObject({
    fid: estimate.optional(),
    kid: estimate.optional(),
    is: estimate.optional(),
    /** Top-1 accuracy of the classifier, 0..1. */
    ca: estimate.optional(),
    pd: estimate.optional(),
    /** dB */
    psnr: estimate.optional(),
    ssim: estimate.optional(),
    /** How much the samples of one input differ (the paper's section 4.6). */
    diversity: z
      .strictObject({
        /** Mean MS-SSIM of the first sample to each of the others: low = diverse. */
        msSsim: estimate,
        /** Mean distance of the features of consecutive samples: high = diverse. */
        featureDistance: estimate.optional(),
      })
      .optional(),
  }),
  /** Of each image, for histograms. */
  perImage: z.strictObject({ pd: numbers, psnr: numbers, ssim: numbers }),
});

/** A task at one setting, with everything that was compared there. */
const condition = z.strictObject({
  /** "dejpeg-5", "inpaint-freeform-10-20", "uncrop-right", "colorize" */
  id: text,
  task: text,
  title: text,
  rows: z.array(row),
});

/** A network whose features or probabilities were used. */
const network = z.strictObject({
  name: text,
  title: text,
  /** SHA-256 of the ONNX file, hex. */
  digest: text,
  /** "224x224 BGR, the whole picture squeezed into it (Lanczos3)" */
  input: text,
  license: text.optional(),
});

const schema = z.strictObject({
  format: z.literal(1),
  version: text,
  settings: z.strictObject({
    data: text,
    photos: count,
    crops: count,
    crop: z.enum(["random", "centre"]),
    /** Of random crops; absent for "half..full". */
    cropScale: text.optional(),
    holdOut: text,
    resolution: count,
    seed: z.number(),
    samples: count,
    /** "dpm++:20" */
    sampling: z.array(text),
    replicates: count,
  }),
  reference: z.strictObject({ count, what: text }),
  models: z.array(
    z.strictObject({
      name: text,
      parameters: count,
      images: count.optional(),
      tasks: z.array(text),
      regression: z.boolean(),
      digest: text,
    }),
  ),
  networks: z.strictObject({ features: network.optional(), classifier: network.optional() }),
  notes: z.array(text),
  conditions: z.array(condition),
});

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** A whole evaluation. */
export type Report = Frozen<z.infer<typeof schema>>;
export type ConditionReport = Frozen<z.infer<typeof condition>>;
/** One line of a table: a set of pictures and how good it is. */
export type Row = Frozen<z.infer<typeof row>>;
export type RowKind = Row["kind"];
export type RowMetrics = Row["metrics"];
export type Diversity = NonNullable<RowMetrics["diversity"]>;
export type Estimate = Frozen<z.infer<typeof estimate>>;
export type NetworkInfo = Frozen<z.infer<typeof network>>;

/**
 * Seconds a picture by `${condition.id}/${row.id}`: apart from the report, as they differ each
 * time.
 */
export type Seconds = Readonly<Record<string, number>>;

/** Pictures of one condition, to be looked at. */
export interface Grid {
  readonly condition: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Image[])[];
}

/**
 * The report as JSON: keys in the order of the schema, lists of numbers on one line. Whole numbers
 * are exact, others have 6 significant digits; the machine's rounding differs beyond.
 * @throws PaletteError when something that has to be there is missing or of another type.
 */
export function reportJson(report: Report): string {
  return `${write(checked(report), "")}\n`;
}

/**
 * The report in a file's text, as `reportJson` wrote it.
 * @throws PaletteError when the text is no report, or one of a newer version.
 */
export function parseReport(text: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new PaletteError(
      `This is not an evaluation's report.json: ${reasonOf(thrown)}. Evaluate again to write it anew.`,
      { cause: thrown },
    );
  }
  const { format } = z.looseObject({ format: z.unknown() }).safeParse(value).data ?? {};
  if (typeof format === "number" && format > 1) {
    throw new PaletteError(
      `This report has format ${format}, and this version reads format 1; update palette-diffusion.`,
    );
  }
  return checked(value);
}

function checked(value: unknown): Report {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.length === 0 ? "as a whole" : `at ${issue.path.map(String).join(".")}`;
  throw new PaletteError(
    `This is not an evaluation's report: ${where}: ${reasonOf(issue.message)}. Evaluate again to write it anew.`,
  );
}

function write(value: unknown, indent: string): string {
  if (typeof value === "number") return writeNumber(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== "object")) {
      return `[${value.map((item) => write(item, inner)).join(", ")}]`;
    }
    return `[\n${value.map((item) => inner + write(item, inner)).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return "{}";
  const lines = entries.map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${write(item, inner)}`,
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  return JSON.stringify(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}
