/** From the stored pictures to the rows of the report. */
import type { PhotoReader } from "../../data/photo-reader.ts";
import { fromBytes, type Image } from "../../image/image.ts";
import { PaletteError } from "../../util/errors.ts";
import {
  extractFeatures,
  type FeatureExtractors,
  type SetFeatures,
} from "../features/extract-features.ts";
import type { EvaluationPlatform } from "../platform.ts";
import type { ConditionReport, Row } from "../report/report.ts";
import type { CropSource } from "./crops.ts";
import { pictureFile, readPicture } from "./files.ts";
import { inputRow, originalsRow } from "./generate.ts";
import { Measurer } from "./measure.ts";
import type { EvaluationPlan } from "./plan.ts";
import { type PlannedRow, plannedRows } from "./rows.ts";
import { samplerName } from "./sampler-settings.ts";

export interface MeasureOptions {
  /** Resamples of the photos for the intervals; 0 for none. */
  readonly replicates: number;
  readonly signal?: AbortSignal;
  /** Told how many pictures have been looked at. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Measures the pictures of all rows in all conditions. */
export async function measureAll(
  plan: EvaluationPlan,
  { store, codec, photos }: EvaluationPlatform,
  crops: CropSource,
  extractors: FeatureExtractors,
  { replicates, signal, onProgress }: MeasureOptions,
): Promise<ConditionReport[]> {
  const rows = plan.conditions.map((condition) => ({
    condition,
    rows: plannedRows(plan, condition),
  }));
  const total =
    plan.crops +
    plan.referenceCrops +
    rows.reduce(
      (sum, one) =>
        sum +
        plan.crops *
          (1 +
            one.rows.reduce((n, row) => n + row.samples, 0) +
            plan.others.filter(({ pictures }) => pictures.has(one.condition.id)).length),
      0,
    );
  let done = 0;
  const onPicture = () => onProgress?.(++done, total);
  const labels = Array.from({ length: plan.crops }, (_, k) =>
    extractors.classifier?.labelOf(plan.photos[crops.photoOf(k)]!),
  );
  const { features } = extractors;
  // Without labels the classifier has nothing to be right about.
  const labelled = labels.some((label) => label !== undefined);
  const needed = { ...extractors, ...(!labelled && { classifier: undefined }) };
  const settings = JSON.stringify(plan.common);
  const extract = (
    name: string,
    picture: (index: number) => Promise<Image>,
  ): Promise<SetFeatures> =>
    extractFeatures({ name: `${settings} ${name}`, count: plan.crops, picture }, needed, {
      signal,
      onPicture,
    });
  const extractRow = (condition: string, row: string, sample = 0) =>
    extract(`${condition}/${row}/${sample}`, (k) =>
      readPicture(store, codec, pictureFile(condition, row, k, sample)),
    );

  const originals = await extractRow(originalsRow, originalsRow);
  const reference =
    plan.referenceCrops === 0
      ? originals
      : await extractFeatures(
          {
            name: `${settings} reference`,
            count: features ? plan.referenceCrops : 0,
            picture: async (k) => (await crops.crop(k, "reference")).image,
          },
          { ...extractors, classifier: undefined },
          { signal, onPicture, pixels: false },
        );
  const measurer = new Measurer({
    originals,
    reference,
    groups: Array.from({ length: plan.crops }, (_, k) => crops.photoOf(k)),
    referenceGroups: Array.from({ length: reference.count }, (_, k) =>
      crops.photoOf(k, plan.referenceCrops === 0 ? "evaluated" : "reference"),
    ),
    labels,
    replicates,
    seed: plan.common.seed,
    signal,
  });
  const originalsMeasured = await measurer.measure(originals);
  const conditions: ConditionReport[] = [];
  for (const { condition, rows: models } of rows) {
    const images = plan.crops;
    const degraded: Row = {
      id: inputRow,
      kind: "degraded",
      label: "Degraded input",
      images,
      ...(await measurer.measure(await extractRow(condition.id, inputRow))),
    };
    const measured: Row[] = [];
    for (const other of plan.others) {
      const paths = other.pictures.get(condition.id);
      if (paths === undefined) continue;
      const set = await extract(`${condition.id}/${other.name} of ${other.folder}`, async (k) =>
        otherPicture(photos, paths[k]!, plan.common.resolution),
      );
      const id = `other-${other.name}`;
      const measures = await measurer.measure(set);
      measured.push({ id, kind: "other", label: other.name, images, ...measures });
    }
    for (const row of models) {
      const samples: SetFeatures[] = [];
      for (let k = 0; k < row.samples; k++) samples.push(await extractRow(condition.id, row.id, k));
      measured.push(await rowOf(row, images, samples, measurer));
    }
    const order = ["other", "regression", "palette"];
    measured.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    const truth: Row = {
      id: originalsRow,
      kind: "originals",
      label: "Originals",
      images,
      ...originalsMeasured,
    };
    conditions.push({
      id: condition.id,
      task: condition.task.name,
      title: condition.title,
      rows: [degraded, ...measured, truth],
    });
  }
  return conditions;
}

/** @throws PaletteError when another program's picture has another size. */
async function otherPicture(photos: PhotoReader, path: string, resolution: number): Promise<Image> {
  const { rgb, width, height } = await photos.read(path);
  if (width !== resolution || height !== resolution) {
    throw new PaletteError(
      `${path} has ${width}x${height} pixels, but what is degraded has ${resolution}x${resolution}.`,
    );
  }
  return fromBytes(rgb, width, height);
}

async function rowOf(
  { id, label, model, sampling }: PlannedRow,
  images: number,
  samples: readonly SetFeatures[],
  measurer: Measurer,
): Promise<Row> {
  const { metrics, perImage } = await measurer.measure(samples[0]!);
  const diversity = samples.length > 1 ? await measurer.diversity(samples) : undefined;
  return {
    id,
    kind: model.config.objective.regression ? "regression" : "palette",
    label,
    model: model.config.name,
    digest: model.digest,
    ...(sampling && { sampler: samplerName(sampling), steps: sampling.steps }),
    images,
    metrics: { ...metrics, ...(diversity && { diversity }) },
    perImage,
  };
}
