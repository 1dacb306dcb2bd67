/** The report as a file, `report.json`: the same report gives the same bytes. */
import { z } from "zod";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type { Report } from "./report.ts";

/** JSON has no infinity; the PSNR of two equal pictures is one, and is written as a word. */
const number = z.union([
  z.number(),
  z.enum(["Infinity", "-Infinity", "NaN"]).transform((word) => Number(word)),
  z.literal([Infinity, -Infinity]),
  z.nan(),
]);
const count = z.int().min(0);
const estimate = z.strictObject({ value: number, deviation: number.optional() });
const numbers = z.array(number).optional();

const row = z.strictObject({
  id: z.string(),
  kind: z.enum(["degraded", "other", "regression", "palette", "originals"]),
  label: z.string(),
  model: z.string().optional(),
  digest: z.string().optional(),
  sampler: z.string().optional(),
  steps: count.optional(),
  images: count,
  metrics: z.strictObject({
    fid: estimate.optional(),
    kid: estimate.optional(),
    is: estimate.optional(),
    ca: estimate.optional(),
    pd: estimate.optional(),
    psnr: estimate.optional(),
    ssim: estimate.optional(),
    diversity: z
      .strictObject({ msSsim: estimate, featureDistance: estimate.optional() })
      .optional(),
  }),
  perImage: z.strictObject({ pd: numbers, psnr: numbers, ssim: numbers }),
});

const network = z.strictObject({
  name: z.string(),
  title: z.string(),
  digest: z.string(),
  input: z.string(),
  license: z.string().optional(),
});

const schema = z.strictObject({
  format: z.literal(1),
  version: z.string(),
  settings: z.strictObject({
    data: z.string(),
    photos: count,
    crops: count,
    crop: z.enum(["random", "centre"]),
    cropScale: z.string().optional(),
    holdOut: z.string(),
    resolution: count,
    seed: z.number(),
    samples: count,
    sampling: z.array(z.string()),
    replicates: count,
  }),
  reference: z.strictObject({ count, what: z.string() }),
  models: z.array(
    z.strictObject({
      name: z.string(),
      parameters: count,
      images: count.optional(),
      tasks: z.array(z.string()),
      regression: z.boolean(),
      digest: z.string(),
    }),
  ),
  networks: z.strictObject({ features: network.optional(), classifier: network.optional() }),
  notes: z.array(z.string()),
  conditions: z.array(
    z.strictObject({ id: z.string(), task: z.string(), title: z.string(), rows: z.array(row) }),
  ),
});

/**
 * The report as JSON: keys in the order of the schema, whole numbers exact, all others rounded to 6
 * significant digits (what differs beyond is the machine's rounding), lists of numbers on one line.
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
