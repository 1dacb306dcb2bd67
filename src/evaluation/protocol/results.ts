/** The report of an evaluation: what was found, for programs and for people. */

import { imagesSeen } from "../../models/config.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { type FeatureExtractors, networkInfo } from "../features/extract-features.ts";
import { leastForKid } from "../metrics/kid.ts";
import type { EvaluationPlatform } from "../platform.ts";
import { reportHtml } from "../report/html.ts";
import type { ConditionReport, Grid, Report, Seconds } from "../report/report.ts";
import { reportJson } from "../report/report.ts";
import { gridImage, gridOf } from "./grid.ts";
import type { EvaluationPlan } from "./plan.ts";
import { wayName } from "./sampler-settings.ts";

/** Everything in the report but the clock: equal evaluations give equal reports, byte for byte. */
export function reportOf(
  plan: EvaluationPlan,
  { features, classifier }: FeatureExtractors,
  conditions: readonly ConditionReport[],
  { version, replicates }: { readonly version: string; readonly replicates: number },
): Report {
  const { common } = plan;
  return {
    format: 1,
    version,
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
      sampling: [...new Set([...plan.samplings.values()].flat().map(wayName))],
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
    notes: [
      ...plan.notes,
      ...(features ? tooFew(plan) : []),
      ...missingNetworks({ features, classifier }, conditions),
    ],
    conditions,
  };
}

/** Writes report.json, report.html and the grids. */
export async function writeReport(
  plan: EvaluationPlan,
  platform: EvaluationPlatform,
  report: Report,
  seconds: Seconds,
): Promise<void> {
  const { store, codec } = platform;
  const grids: Grid[] = [];
  for (const condition of plan.conditions) {
    const grid = await gridOf(plan, platform, condition);
    grids.push(grid);
    const image = await gridImage(grid, codec);
    await store.write(`grids/${condition.id}.png`, await codec.encode(image, "png"));
  }
  await store.write(reportFiles.json, reportJson(report));
  await store.write(reportFiles.html, await reportHtml(report, seconds, grids, codec));
}

/** The names of the written report. */
export const reportFiles = { json: "report.json", html: "report.html" } as const;

/** What the numbers of few pictures are worth. */
function tooFew({ crops, referenceCrops }: EvaluationPlan): string[] {
  const fewest = Math.min(crops, referenceCrops || crops);
  return fewest >= leastForKid
    ? []
    : [
        `${fewest} pictures are too few for KID, which needs ${leastForKid}, and FID of so few says little: give more --crops.`,
      ];
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
