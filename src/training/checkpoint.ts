/**
 * Everything to continue a run bit for bit: weights, their average and Adam's moments in float32,
 * and all counters, in one safetensors file that is replaced whole. What depends on the clock is
 * not in it, so that equal runs have equal checkpoints.
 */
import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { PaletteError, reasonOf } from "../errors.ts";
import { writeWhole } from "../files.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../models/safetensors.ts";
import { type MeansData, meansSchema } from "./statistics.ts";
import type { TrainingState } from "./stepper.ts";

/** What a checkpoint says besides the vectors. */
export interface Counters {
  /** Images seen, counting repetitions: also the number of the next image. */
  readonly images: number;
  /** Means not yet reported. */
  readonly means: MeansData;
}

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
  const tensors = vectors.map((name): [string, Tensor] => [
    name,
    { shape: [state[name].length], data: state[name] },
  ]);
  if (!tensors.every(([, { data }]) => allFinite(data))) {
    throw new PaletteError(
      "The weights are no longer finite numbers, so nothing was saved: start anew with a lower --lr and another --out.",
    );
  }
  const metadata: Record<keyof z.infer<typeof metadataSchema>, string> = {
    format: "palette checkpoint 2",
    images: String(images),
    step: String(state.step),
    means: JSON.stringify(means),
    crc32: checksum(tensors.map(([, { data }]) => data)),
  };
  await writeWhole(path, encodeSafetensors(tensors, { metadata }));
}

/**
 * Reads a checkpoint into `state`. Returns undefined, and changes nothing, when there is none.
 * @throws PaletteError in one line when the file is damaged or of another network.
 */
export async function readCheckpoint(
  path: string,
  state: TrainingState,
): Promise<Counters | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  }
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, "it");
    const { images, step, means, crc32: expected } = metadataSchema.parse(metadata);
    const counters = { images, means: meansSchema.parse(JSON.parse(means)) };
    const found = vectors.map((name) => tensors.get(name)?.data ?? new Float32Array());
    if (found.some((data, i) => data.length !== state[vectors[i]!].length))
      throw new Error("it is of another network");
    if (checksum(found) !== expected) throw new Error("its numbers have changed on the disk");
    vectors.forEach((name, i) => {
      state[name].set(found[i]!);
    });
    state.step = step;
    return counters;
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? "it is no checkpoint" : reasonOf(thrown);
    throw new PaletteError(
      `The checkpoint ${path} is damaged (${reason}), so the run cannot go on from it: restore it from a copy, or start anew with another --out (model/ keeps its weights).`,
      { cause: thrown },
    );
  }
}

function allFinite(values: Float32Array): boolean {
  // A sum of products with zero is zero unless a value is not finite.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

/** Safetensors notices what is missing; this notices what has changed. */
function checksum(parts: readonly Float32Array[]): string {
  let value = 0;
  for (const data of parts)
    value = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), value);
  return value.toString(16).padStart(8, "0");
}
