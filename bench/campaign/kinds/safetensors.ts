/** Safetensors: as a model's weights, and as a checkpoint to import. */
import { copyFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../../src/util/random.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { type Mutated, mutateBytes } from "../mutations/bytes.ts";
import { placeOddFile } from "../mutations/files.ts";
import { mutateJson } from "../mutations/json.ts";
import { specimens } from "../specimens.ts";
import { imported } from "./checkpoint.ts";
import { quickly } from "./photo.ts";

async function make(random: Random, place: Place): Promise<Case> {
  return random.uniform() < 0.4 ? toImport(random, place) : asWeights(random, place);
}

async function toImport(random: Random, place: Place): Promise<Case> {
  const path = join(place.room, "given.safetensors");
  const file = await readFile(place.specimen(specimens.theirWeights));
  const { bytes, how } = random.uniform() < 0.04 ? asItIs(file) : mutateSafetensors(file, random);
  await writeFile(path, bytes);
  const codes = how === asItIs(file).how ? [0] : bytes.length === 0 ? [1] : [0, 1];
  return imported(path, how, undefined, codes, random);
}

async function asWeights(random: Random, place: Place): Promise<Case> {
  const model = join(place.room, "model");
  const weights = join(model, "weights.safetensors");
  await mkdir(model);
  await copyFile(place.specimen(join(specimens.model, "config.json")), join(model, "config.json"));
  const good = place.specimen(join(specimens.model, "weights.safetensors"));
  const { how, codes } = await giveWeights(weights, good, random);
  if (random.uniform() < 0.5) {
    return { what: `loadModel: ${how}`, run: { call: { name: "loadModel", path: model } }, codes };
  }
  const argv = random.pick([
    ["export", model, "-o", "out/x.onnx", "--safetensors", "out/x.safetensors"],
    ["colorize", place.specimen("rgb.png"), ...quickly(place, { model })],
  ]);
  return { what: `${argv[0]}: ${how}`, run: { argv }, codes };
}

async function giveWeights(path: string, good: string, random: Random) {
  const kind = random.uniform();
  if (kind < 0.04) {
    await cp(good, path);
    return { how: asItIs(Buffer.alloc(0)).how, codes: [0] };
  }
  if (kind < 0.12) {
    const odd = await placeOddFile(path, good, random);
    return { how: odd.how, codes: odd.good ? [0] : [1] };
  }
  const { bytes, how } = mutateSafetensors(await readFile(good), random);
  await writeFile(path, bytes);
  return { how, codes: bytes.length === 0 ? [1] : [0, 1] };
}

const asItIs = (bytes: Buffer): Mutated => ({ bytes, how: "as it is" });

const lengths = [0n, 1n, 7n, 100_000_001n, 1n << 31n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n];

/**
 * Damages a safetensors file: its header's JSON, the header's length, its numbers, or any bytes.
 */
export function mutateSafetensors(file: Buffer, random: Random): Mutated {
  const end = 8 + Number(file.readBigUInt64LE(0));
  const header = file.subarray(8, end).toString();
  const data = file.subarray(end);
  const kind = random.uniform();
  if (kind < 0.5) {
    const { text, how } = mutateJson(header, random);
    return { bytes: withHeader(text, data), how: `header: ${how}` };
  }
  if (kind < 0.6) {
    const length = random.pick(lengths);
    const changed = Buffer.from(file);
    changed.writeBigUInt64LE(length, 0);
    return { bytes: changed, how: `a header of ${length} bytes` };
  }
  if (kind < 0.7) {
    const value = random.pick([Number.NaN, Number.POSITIVE_INFINITY, 3e38, 0]);
    const changed = Buffer.from(file);
    const first = random.integer(0, data.length / 4 - 1);
    const last = random.uniform() < 0.5 ? first : data.length / 4 - 1;
    for (let at = first; at <= last; at++) changed.writeFloatLE(value, end + 4 * at);
    return { bytes: changed, how: `${last - first + 1} numbers are ${value}` };
  }
  return mutateBytes(file, random);
}

function withHeader(text: string, data: Buffer): Buffer {
  const header = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

export const safetensors: CaseKind = {
  name: "safetensors",
  title: "safetensors",
  share: 1200,
  make,
};
