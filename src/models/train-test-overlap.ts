/** Whether a training knew photos that a model is judged by. */
import type { ModelConfig } from "./config.ts";

type PhotosRecord = NonNullable<NonNullable<ModelConfig["training"]>["photos"]>;

/**
 * What the record of a training says of photos that a rule holds out from folders of these digests.
 * The training has "seen" some of them, or they were "held out" there too. Or that is "unknown", as
 * the folders were others, or these before a change.
 */
export function overlap(
  record: PhotosRecord,
  digests: readonly string[],
  rule: string,
): "seen" | "held out" | "unknown" {
  if (!sameFolder(record, digests)) return "unknown";
  return record.holdOut === rule ? "held out" : "seen";
}

/** The rules by which photos of these digests were held out. */
export function holdOutRules(
  records: readonly PhotosRecord[],
  digests: readonly string[],
): string[] {
  const here = records.filter((record) => sameFolder(record, digests));
  return [...new Set(here.map(({ holdOut }) => holdOut))];
}

function sameFolder(record: PhotosRecord, digests: readonly string[]): boolean {
  return record.digests.some((digest) => digests.includes(digest));
}
