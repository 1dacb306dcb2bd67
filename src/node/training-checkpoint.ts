/**
 * Everything to continue a run bit for bit: weights, their average and Adam's moments in float32,
 * and all counters, in one safetensors file that is replaced whole. What depends on the clock is
 * not in it, so that equal runs have equal checkpoints.
 */
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { SafetensorsReader } from "../models/safetensors-reader.ts";
import { meansSchema } from "../training/metrics-log.ts";
import type { Counters } from "../training/platform.ts";
import type { TrainingState } from "../training/step/optimizer.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { openSafetensors, writeSafetensors } from "./safetensors-file.ts";

const vectors = ["parameters", "ema", "m", "v"] as const;

const metadataSchema = z.object({
  format: z.literal("palette checkpoint 2"),
  images: z.coerce.number().pipe(z.int().min(0)),
  step: z.coerce.number().pipe(z.int().min(0)),
  means: z.string(),
  crc32: z.string(),
});

/**
 * Replaces the checkpoint.
 * @throws PaletteError when the file cannot be written (the old one stays), or when the state holds
 * a number that is not finite: it is not worth keeping.
 */
export async function writeCheckpoint(
  path: string,
  state: TrainingState,
  { images, means }: Counters,
): Promise<void> {
  if (!vectors.every((name) => allFinite(state[name]))) {
    throw new PaletteError(
      "The weights are no longer finite numbers, so nothing was saved: start anew with a lower --lr and another --out.",
    );
  }
  const metadata: Record<keyof z.infer<typeof metadataSchema>, string> = {
    format: "palette checkpoint 2",
    images: String(images),
    step: String(state.step),
    means: JSON.stringify(means),
    crc32: inHexadecimal(vectors.reduce((sum, name) => checksum(state[name], sum), 0)),
  };
  const tensors = vectors.map((name) => ({
    name,
    shape: [state[name].length],
    data: () => state[name],
  }));
  await writeSafetensors(path, tensors, { metadata });
}

/**
 * Reads a checkpoint into `state`. Returns undefined, and changes nothing, when there is none.
 * @throws PaletteError in one line when the file is damaged or of another network.
 */
export async function readCheckpoint(
  path: string,
  state: TrainingState,
): Promise<Counters | undefined> {
  let file: SafetensorsReader | undefined;
  try {
    file = await openSafetensors(path, "it");
    const { images, step, means, crc32: expected } = metadataSchema.parse(file.metadata);
    const counters = { images, means: meansSchema.parse(JSON.parse(means)) };
    const places = vectors.map((name) => file?.places.get(name));
    if (places.some((place, i) => place?.shape.join() !== `${state[vectors[i]!].length}`))
      throw new Error("it is of another network");
    let sum = 0;
    for (const place of places)
      for await (const { part } of file.parts(place!)) sum = checksum(part, sum);
    if (inHexadecimal(sum) !== expected) throw new Error("its numbers have changed on the disk");
    // Only now, so that a damaged file changes nothing.
    for (const [i, place] of places.entries())
      for await (const { at, part } of file.parts(place!)) state[vectors[i]!].set(part, at);
    state.step = step;
    return counters;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code !== undefined && !(thrown instanceof PaletteError))
      throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
    const reason = thrown instanceof z.ZodError ? "it is no checkpoint" : reasonOf(thrown);
    throw new PaletteError(
      `The checkpoint ${path} is damaged (${reason}), so the run cannot go on from it: restore it from a copy, or begin with the weights beside it in another --out, by --from ${join(dirname(path), "model")}.`,
      { cause: thrown },
    );
  } finally {
    await file?.close();
  }
}

function allFinite(values: Float32Array): boolean {
  // A sum of products with zero is zero unless a value is not finite.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

/** Safetensors notices what is missing; this notices what has changed. */
function checksum(data: Float32Array, before: number): number {
  let sum = before;
  // In parts: zlib takes at most 4 GiB at once.
  for (let at = 0; at < data.length; at += checksumPart) {
    const { buffer, byteOffset, byteLength } = data.subarray(at, at + checksumPart);
    sum = crc32(new Uint8Array(buffer, byteOffset, byteLength), sum);
  }
  return sum;
}

const checksumPart = 2 ** 24;

function inHexadecimal(value: number): string {
  return value.toString(16).padStart(8, "0");
}
