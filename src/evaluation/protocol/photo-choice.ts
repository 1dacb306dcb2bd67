/** Which photos are looked at: the held-out ones of a model that was trained on them, or all. */
import { splitHoldOut } from "../../data/hold-out.ts";
import { photosTrainedOn } from "../../models/config.ts";
import { holdOutRules, overlap } from "../../models/train-test-overlap.ts";
import { PaletteError, UsageError } from "../../util/errors.ts";
import { quantity } from "../../util/format.ts";
import type { PhotoCollection } from "../platform.ts";
import type { EvaluatedModel } from "./rows.ts";

export interface ChosenPhotos {
  /** The hold-out rule. */
  readonly rule: string;
  readonly photos: readonly string[];
  /** What a reader of the report should know about the choice. */
  readonly notes: readonly string[];
}

/**
 * @param wanted a hold-out rule instead of the one in the models' records
 * @throws UsageError when the models' records ask for different rules; PaletteError when nothing is
 * left.
 */
export function choosePhotos(
  models: readonly EvaluatedModel[],
  { sets }: PhotoCollection,
  wanted?: string,
): ChosenPhotos {
  const digests = sets.map(({ digest }) => digest);
  const rules = holdOutRules(
    models.flatMap(({ config }) => photosTrainedOn(config)),
    digests,
  );
  if (wanted === undefined && rules.length > 1) {
    throw new UsageError(
      `The trainings of these models held out different ones of these photos (${rules.join(", ")}): name one rule with --hold-out, or evaluate on other photos.`,
    );
  }
  const rule = wanted ?? rules[0] ?? "none";
  const { train, heldOut } = splitHoldOut(
    sets.map(({ photos }) => photos),
    rule,
  );
  const photos = rule === "none" ? train : heldOut;
  if (photos.length === 0) {
    throw new PaletteError(
      `The hold-out rule ${rule} holds out none of ${quantity(train.length, "photo")}; give more photos, or --hold-out none.`,
    );
  }
  const notes = models.flatMap((model): string[] => {
    const records = photosTrainedOn(model.config);
    const known = (what: string) =>
      records.filter((record) => overlap(record, digests, rule) === what);
    if (known("seen").length > 0) return [`${model.label} was trained on some of these photos.`];
    if (wanted !== undefined) return [];
    const trainedWith = new Set(known("unknown").map(({ holdOut }) => holdOut));
    return [...trainedWith].map((each) => unsure(model.label, each, rule));
  });
  return { rule, photos, notes };
}

/** What to say of a model whose record is of other photos, or of these before a change. */
function unsure(label: string, trainedWith: string, rule: string): string {
  const doubt = `${label} has a record of other photos: if they are these with some added, removed or changed,`;
  if (trainedWith === "none") return `${doubt} it is measured on what it was trained on.`;
  const remedy = trainedWith === rule ? "" : `name --hold-out ${trainedWith} then, and `;
  return `${doubt} it is measured on what it was trained on; ${remedy}keep new photos in a folder of their own, as they shift which ones are held out.`;
}
