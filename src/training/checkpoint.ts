/**
 * Everything to continue a run bit for bit: weights, their averages and Adam's moments in float32,
 * and all counters, as one safetensors file. What depends on the clock is not in it, so that equal
 * runs have equal checkpoints, on every platform.
 */
import { z } from "zod";
import type { Outline } from "../models/safetensors.ts";
import type { SafetensorsReader } from "../models/safetensors-reader.ts";
import { PaletteError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { meansSchema } from "./metrics-log.ts";
import type { Counters, StateAccess } from "./platform.ts";
import { powerAverages, type VectorName } from "./step/optimizer.ts";

const metadataSchema = z.object({
  format: z.literal("palette checkpoint 2"),
  images: z.coerce.number().pipe(z.int().min(0)),
  step: z.coerce.number().pipe(z.int().min(0)),
  means: z.string(),
  crc32: z.string(),
  /** Images seen when the power-function averages began, where they are kept. */
  averagesBegan: z.coerce.number().pipe(z.int().min(0)).optional(),
});

/** CRC-32 of bytes, continued from that of the bytes before (0 at the beginning). */
export type Crc32 = (bytes: Uint8Array, before: number) => number;

/** A checkpoint before it is written: the tensors in their order, and the file's metadata. */
export interface CheckpointParts {
  readonly tensors: readonly (Outline & { data(): Promise<Float32Array> })[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * @throws PaletteError when the state holds a number that is not finite: it is not worth keeping.
 */
export async function checkpointParts(
  state: StateAccess,
  { images, means, averagesBegan }: Counters,
  crc32: Crc32,
): Promise<CheckpointParts> {
  let sum = 0;
  for (const name of state.names) {
    const vector = await state.read(name);
    if (!allFinite(vector)) {
      throw new PaletteError(
        "The weights are no longer finite numbers, so nothing was saved: start anew with a lower --lr and another --out.",
      );
    }
    sum = checksum(vector, sum, crc32);
  }
  const metadata = {
    format: "palette checkpoint 2",
    images: String(images),
    step: String(state.step),
    means: JSON.stringify(means),
    crc32: inHexadecimal(sum),
    ...(averagesBegan !== undefined && { averagesBegan: String(averagesBegan) }),
  } satisfies Partial<Record<keyof z.infer<typeof metadataSchema>, string>>;
  const tensors = state.names.map((name) => ({
    name,
    shape: [state.length],
    data: () => state.read(name),
  }));
  return { tensors, metadata };
}

/**
 * What a checkpoint's header says.
 * @throws ZodError where the file is no checkpoint.
 */
export function checkpointCounters({ metadata }: SafetensorsReader): Counters & {
  readonly step: number;
} {
  const { images, step, means, averagesBegan } = metadataSchema.parse(metadata);
  return {
    ...{ images, step, means: meansSchema.parse(JSON.parse(means)) },
    ...omitUndefined({ averagesBegan }),
  };
}

/**
 * Reads a checkpoint into `state`; a damaged one changes nothing. Power-function averages that a
 * checkpoint of before has not yet are left as they are.
 * @throws what is wrong with it: an Error, or a ZodError where it is no checkpoint at all.
 */
export async function readCheckpointInto(
  state: StateAccess,
  file: SafetensorsReader,
  crc32: Crc32,
): Promise<Counters> {
  const { step, ...counters } = checkpointCounters(file);
  const { crc32: expected } = metadataSchema.parse(file.metadata);
  const begun = counters.averagesBegan !== undefined;
  const names = state.names.filter((name) => begun || !isPowerAverage(name));
  const places = names.map((name) => [name, file.places.get(name)] as const);
  if (places.some(([, place]) => place?.shape.join() !== `${state.length}`))
    throw new Error("it is of another network");
  let sum = 0;
  for (const [, place] of places)
    for await (const { part } of file.parts(place!)) sum = checksum(part, sum, crc32);
  if (inHexadecimal(sum) !== expected) throw new Error("its numbers have changed on the disk");
  // Only now, so that a damaged file changes nothing.
  for (const [name, place] of places)
    for await (const { at, part } of file.parts(place!)) await state.write(name, at, part);
  state.step = step;
  return counters;
}

function isPowerAverage(name: VectorName): boolean {
  return powerAverages.some((average) => average === name);
}

function allFinite(values: Float32Array): boolean {
  // A sum of products with zero is zero unless a value is not finite.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

/** Safetensors notices what is missing; this notices what has changed. */
function checksum(data: Float32Array, before: number, crc32: Crc32): number {
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
