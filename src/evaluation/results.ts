/** The report of an evaluation: what was found, written for programs, for people and for the eye. */
import { readFile } from "node:fs/promises";
import { imagesSeen } from "../models/config.ts";
import { encodeImage } from "../node/encode-image.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { EvaluationFolder } from "./evaluation-folder.ts";
import { type FeatureExtractors, networkInfo } from "./features/extract-features.ts";
import { gridImage, gridOf } from "./grid.ts";
import type { EvaluationPlan } from "./plan.ts";
import { reportHtml } from "./report/html.ts";
import { reportJson } from "./report/json.ts";
import { reportMarkdown } from "./report/markdown.ts";
import type { ConditionReport, Grid, Report, Seconds } from "./report/report.ts";
import { samplingName } from "./sampler-settings.ts";

export interface Evaluation {
  readonly report: Report;
  readonly seconds: Seconds;
  /** The paths of the written report. */
  readonly files: { readonly json: string; readonly markdown: string; readonly html: string };
}

/** Everything in the report but the clock: equal evaluations give equal reports, byte for byte. */
export async function reportOf(
  plan: EvaluationPlan,
  { features, classifier }: FeatureExtractors,
  replicates: number,
  conditions: readonly ConditionReport[],
): Promise<Report> {
  const { common } = plan;
  return {
    format: 1,
    version: await packageVersion(),
    settings: {
      data: plan.data,
      photos: common.photos,
      crops: plan.crops,
      crop: plan.crop,
      ...omitUndefined({ cropScale: common.cropScale }),
      holdOut: common.holdOut,
      resolution: common.resolution,
      seed: common.seed,
      samples: plan.samples,
      sampling: [...new Set([...plan.samplings.values()].flat().map(samplingName))],
      replicates,
    },
    reference:
      plan.referenceCrops === 0
        ? { count: plan.crops, what: "the originals of the evaluated crops themselves" }
        : { count: plan.referenceCrops, what: "other random crops of the same photos" },
    models: plan.models.map(({ config, parameters, digest }) => ({
      name: config.name,
      parameters,
      ...(config.training && { images: imagesSeen(config) }),
      tasks: config.tasks,
      regression: config.objective.regression ?? false,
      digest,
    })),
    networks: {
      ...(features && { features: networkInfo(features) }),
      ...(classifier && { classifier: networkInfo(classifier) }),
    },
    notes: [...plan.notes, ...missingNetworks({ features, classifier }, conditions)],
    conditions,
  };
}

/** Writes report.json, report.md, report.html and the grids. */
export async function writeReport(
  plan: EvaluationPlan,
  folder: EvaluationFolder,
  report: Report,
): Promise<Evaluation> {
  const seconds: Seconds = Object.fromEntries(
    Object.entries(folder.spent).map(([row, spent]) => [row, spent.seconds / spent.images]),
  );
  const grids: Grid[] = [];
  const files: Record<string, string> = {};
  for (const condition of plan.conditions) {
    const grid = await gridOf(plan, folder, condition);
    grids.push(grid);
    const name = `grids/${condition.id}.png`;
    await folder.write(name, await encodeImage(await gridImage(grid), "png"));
    files[condition.id] = name;
  }
  return {
    report,
    seconds,
    files: {
      json: await folder.write("report.json", reportJson(report)),
      markdown: await folder.write("report.md", reportMarkdown(report, seconds, files)),
      html: await folder.write("report.html", await reportHtml(report, seconds, grids)),
    },
  };
}

function missingNetworks(
  { features, classifier }: Omit<FeatureExtractors, "store">,
  conditions: readonly ConditionReport[],
): string[] {
  const notes: string[] = [];
  if (features === undefined) {
    notes.push(
      "No feature network was found: FID, KID, IS and PD are missing (palette features list shows how to get one).",
    );
  } else if (features.classes === undefined) {
    notes.push(
      `The network of the features, ${features.manifest.name}, gives no probabilities: IS is missing.`,
    );
  }
  const accuracy = conditions.some(({ rows }) => rows.some(({ metrics }) => metrics.ca));
  if (classifier === undefined) {
    notes.push(
      "No classifier was found: CA is missing (palette features list shows how to get one).",
    );
  } else if (!classifier.labelled) {
    const { name, url, labels } = classifier.manifest;
    const fetched = url && labels?.url ? `, or run palette features get ${name}` : "";
    notes.push(
      labels
        ? `The list of classes of ${name} was not found, so that CA is missing: put ${labels.file} beside the network${fetched}.`
        : `The manifest of ${name} names no list of classes, so that CA is missing.`,
    );
  } else if (!accuracy) {
    notes.push(
      "The photos have no class labels, so that CA is missing: ImageNet's wnid at the start of a file's or a folder's name would give them.",
    );
  }
  return notes;
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
