/** Answers of earlier runs: kept, replaced, or a reason to stop before anything is computed. */
import { readFile, stat } from "node:fs/promises";
import { type AnswerRecord, holdsRecord } from "../node/answer-record.ts";
import { PaletteError } from "../util/errors.ts";
import { sha256 } from "../util/sha256.ts";
import type { RestoreFlags } from "./commands/restore-options.ts";
import { log } from "./console.ts";
import { standardStream } from "./inputs.ts";

/** The answers to a photo, and what they are made of. */
export interface Planned {
  /** The photo and whatever else is read for it. */
  readonly sources: readonly Source[];
  readonly outputs: readonly string[];
}

/** A file by its path, or what standard input gave. */
export type Source = string | Blob;

/**
 * JSON of all that decides about the pixels beside the photos and what is read with them: what is
 * resolved, and each flag that is not about other things.
 */
export function recordedSettings(
  resolved: object,
  flags: RestoreFlags,
  alsoRead: readonly string[],
): string {
  const { out, model, samples, device, threads, json, format, strip, ...rest } = flags;
  const { skipExisting, overwrite, shard, ...deciding } = rest;
  // The contents of files that are read count, not their names.
  return JSON.stringify({ ...deciding, ...resolved }, (_, value) =>
    alsoRead.includes(value) ? undefined : value,
  );
}

/** Answers of earlier runs that stay, as the flags say; others are refused or replaced. */
export async function keptAnswers(
  plan: readonly Planned[],
  settings: string,
  { skipExisting = false, overwrite = false, shard }: RestoreFlags,
): Promise<ReadonlySet<string>> {
  const none = new Set<string>();
  if (overwrite) return none;
  const existing = await existingAnswers(plan);
  if (!skipExisting) {
    await assertRepeated(plan, existing, settings);
    // They are the same answers: a shard that is started again goes on after them.
    return shard === undefined ? none : existing;
  }
  const others = await countOtherSettings(existing, settings);
  if (others > 0) {
    log(`${others} of the answers that are kept were made with other settings, or do not say how.`);
  }
  return existing;
}

/** The files of the plan that are there already. */
async function existingAnswers(plan: readonly Planned[]): Promise<Set<string>> {
  const existing = new Set<string>();
  for (const output of plan.flatMap(({ outputs }) => outputs)) {
    if (output !== standardStream && (await isThere(output))) existing.add(output);
  }
  return existing;
}

async function isThere(source: Source | undefined): Promise<boolean> {
  if (typeof source !== "string") return source !== undefined;
  return stat(source).then(
    () => true,
    () => false,
  );
}

/**
 * Refuses to replace what is not the same answer: a picture of another photo, of other settings, or
 * one that does not say how it was made.
 * @throws PaletteError naming the first such file and what to do.
 */
async function assertRepeated(
  plan: readonly Planned[],
  existing: ReadonlySet<string>,
  settings: string,
): Promise<void> {
  const others: string[] = [];
  for (const { sources, outputs } of plan) {
    const there = outputs.filter((output) => existing.has(output));
    // A photo that is not there gets no answers.
    if (there.length === 0 || !(await isThere(sources[0]))) continue;
    const source = await sourceDigest(sources);
    for (const output of there) {
      if (!(await holdsRecord(output, { settings, source }))) others.push(output);
    }
  }
  const [first] = others;
  if (first === undefined) return;
  const more = others.length === 1 ? "is" : `and ${others.length - 1} more are`;
  throw new PaletteError(
    `${first} ${more} there, of another photo, of other settings, or not from this command; --skip-existing keeps, --overwrite replaces.`,
  );
}

/** How many of the files were made with other settings than these. */
async function countOtherSettings(existing: Iterable<string>, settings: string): Promise<number> {
  let others = 0;
  for (const output of existing) if (!(await holdsRecord(output, { settings }))) others++;
  return others;
}

/** A digest of files in their order, as `AnswerRecord.source`; of those that can be read. */
export async function sourceDigest(sources: readonly Source[]): Promise<AnswerRecord["source"]> {
  const digests: string[] = [];
  for (const source of sources) {
    const bytes = typeof source === "string" ? readFile(source) : source.arrayBuffer();
    digests.push(await sha256(new Uint8Array(await bytes.catch(() => new ArrayBuffer()))));
  }
  return (await sha256(digests.join())).slice(0, 16);
}
