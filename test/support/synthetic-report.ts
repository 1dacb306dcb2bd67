/**
 * An evaluation's report made up for tests: several tasks, steps, gaps, and names that mean harm.
 */
import type {
  ConditionReport,
  Report,
  Row,
  RowMetrics,
  Seconds,
} from "../../src/evaluation/report/report.ts";
import { Random } from "../../src/util/random.ts";

/** A name that would be a tag, a cell, an attribute and emphasis, were it not escaped. */
export const hostile = `<img src=x onerror="alert(1)"> & |pipe| *star* 'quote'\n# head`;

const titles: Readonly<Record<string, readonly [task: string, title: string, hardness: number]>> = {
  colorize: ["colorize", "Colorization", 1],
  "inpaint-freeform-10-20": ["inpaint", "Inpainting, free-form mask, 10-20 %", 0.8],
  "inpaint-center": ["inpaint", "Inpainting, center mask", 1.6],
  "uncrop-right": ["uncrop", "Uncropping, right", 2],
  "dejpeg-5": ["dejpeg", "JPEG restoration, quality 5", 1.5],
  "dejpeg-10": ["dejpeg", "JPEG restoration, quality 10", 1],
};

/** The same report every time; the dejpeg conditions also have a specialist and more samplings. */
export function syntheticReport(pictures = 60): Report {
  return {
    format: 1,
    version: "0.2.0",
    settings: {
      data: "photos/landscapes",
      photos: 39,
      crops: pictures,
      crop: "random",
      holdOut: "every 7th photo by name, from the second",
      resolution: 64,
      seed: 1,
      samples: 2,
      sampling: ["dpm++:5", "dpm++:20", "dpm++:100", "ddim:20", "ddim:100"],
      replicates: 200,
    },
    reference: { count: 2340, what: "60 random crops of each held-out photo" },
    models: [
      model(
        "landscapes-64",
        Object.values(titles).map(([task]) => task),
      ),
      { ...model("baseline", ["colorize", "inpaint", "uncrop", "dejpeg"]), regression: true },
      { ...model(hostile, ["dejpeg"]), images: undefined },
    ],
    networks: {
      features: {
        name: "googlenet",
        title: "BVLC GoogLeNet",
        digest: "ab".repeat(32),
        input: "224x224, short side 256, centre crop",
        license: "unrestricted",
      },
    },
    notes: [
      "No classifier was found: CA and IS are missing; `palette features get mobilenetv2-12` fetches one.",
      `A photo was skipped: ${hostile}`,
    ],
    conditions: Object.keys(titles).map((id) => condition(id, pictures)),
  };
}

/** Seconds a picture of every row that a network made. */
export function syntheticSeconds(report: Report): Seconds {
  const rows = report.conditions.flatMap(({ id, rows }) => rows.map((row) => ({ id, row })));
  return Object.fromEntries(
    rows
      .filter(({ row }) => row.model !== undefined)
      .map(({ id, row }) => [`${id}/${row.id}`, 0.031 * (row.steps ?? 1)]),
  );
}

function model(name: string, tasks: readonly string[]) {
  return {
    name,
    parameters: 5_234_567,
    images: 1_280_000,
    tasks: [...new Set(tasks)],
    regression: false,
    digest: digestOf(name),
  };
}

/** Another one for each model. */
const digestOf = (name: string) => Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64);

const of = (model: string) => ({ model, digest: digestOf(model) });

function condition(id: string, pictures: number): ConditionReport {
  const [task, title, hardness] = titles[id]!;
  const rows: Row[] = [
    row("degraded", "degraded", "Degraded input", 60 * hardness, pictures),
    { ...row("r", "regression", "Regression", 34 * hardness, pictures), ...of("baseline") },
  ];
  const samplings: [string, number][] =
    task === "dejpeg"
      ? [
          ["dpm++", 5],
          ["dpm++", 20],
          ["dpm++", 100],
          ["ddim", 20],
          ["ddim", 100],
        ]
      : [["dpm++", 20]];
  for (const [sampler, steps] of samplings) {
    const distance = (20 + (sampler === "ddim" ? 60 : 30) / steps) * hardness;
    const label = `landscapes-64, ${sampler}, ${steps} steps`;
    const made = row(`a-${sampler}-${steps}`, "palette", label, distance, pictures);
    rows.push({ ...made, ...of("landscapes-64"), sampler, steps });
  }
  if (task === "dejpeg") {
    const made = row("b", "palette", hostile, 19 * hardness, pictures);
    rows.push({ ...made, ...of(hostile), sampler: "dpm++", steps: 20 });
  }
  rows.push({
    id: "originals",
    kind: "originals",
    label: "Originals",
    images: pictures,
    metrics: { fid: { value: 8.25, deviation: 0.4 }, kid: { value: -0.00021 }, pd: { value: 0 } },
    perImage: {},
  });
  return { id, task, title, rows };
}

function row(
  id: string,
  kind: Row["kind"],
  label: string,
  distance: number,
  pictures: number,
): Row {
  const random = Random.from(1, label, Math.round(distance));
  const spread = (mean: number, deviation: number) =>
    Array.from({ length: pictures }, () => mean + deviation * random.normal());
  const pd = spread(distance * 0.7, distance * 0.15);
  const psnr = spread(31 - distance / 8, 2.5);
  const ssim = spread(0.95 - distance / 300, 0.04).map((value) => Math.min(1, value));
  const metrics: RowMetrics = {
    fid: { value: distance + 1 / 3, deviation: distance / 25 },
    kid: { value: distance / 4321, deviation: distance / 54321 },
    pd: { value: mean(pd), deviation: 0.4 },
    psnr: { value: mean(psnr), deviation: 0.2 },
    ssim: { value: mean(ssim), deviation: 0.004 },
    diversity:
      kind === "palette"
        ? { msSsim: { value: 0.87, deviation: 0.01 }, featureDistance: { value: 12.5 } }
        : undefined,
  };
  // A picture that the JPEG coder left as it was: its PSNR has no end.
  if (kind === "degraded") psnr[0] = Number.POSITIVE_INFINITY;
  return { id, kind, label, images: pictures, metrics, perImage: { pd, psnr, ssim } };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
