import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeHeader, encodeSafetensors, type Tensor } from "../models/safetensors.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { openSafetensors, writeSafetensors } from "./safetensors-file.ts";

const random = Random.from("safetensors-file.test");
/** Five million numbers are 20 MB: more than is read at once. */
const tensors: [string, Tensor][] = [
  ["large", { shape: [5, 1_000_000], data: filled(5_000_000) }],
  ["empty", { shape: [0], data: filled(0) }],
  ["small", { shape: [2, 3], data: filled(6) }],
];

function filled(count: number): Float32Array {
  return random.fillNormal(new Float32Array(count));
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

const pending = tensors.map(([name, { shape, data }]) => ({ name, shape, data: () => data }));

describe("a safetensors file in parts", () => {
  it.each(["F32", "F16"] as const)("has the bytes of one made at once, %s", async (dtype) => {
    const path = join(folder, `written-${dtype}`);
    const options = { dtype, metadata: { format: "1" } };
    await writeSafetensors(path, pending, options);
    expect((await readFile(path)).equals(encodeSafetensors(tensors, options))).toBe(true);
  });

  it("gives each tensor whole and in parts", async () => {
    const path = join(folder, "read");
    await writeSafetensors(path, pending, { metadata: { step: "3" } });
    const file = await openSafetensors(path);
    expect(file.metadata).toEqual({ step: "3" });
    for (const [name, { shape, data }] of tensors) {
      const place = file.places.get(name)!;
      expect(place.shape).toEqual(shape);
      const whole = await file.read(place);
      expect(Buffer.from(whole.buffer).equals(Buffer.from(data.buffer))).toBe(true);
      const joined = new Float32Array(data.length);
      let parts = 0;
      for await (const { at, part } of file.parts(place)) {
        joined.set(part, at);
        parts += 1;
      }
      expect(Buffer.from(joined.buffer).equals(Buffer.from(data.buffer))).toBe(true);
      expect(parts).toBe(Math.ceil((4 * data.length) / 2 ** 24));
    }
    await file.close();
  });

  it("reads what lies beyond 4 GiB", async () => {
    // A file with a hole takes no room on the disk.
    const path = join(folder, "huge");
    const huge = { name: "zeros", shape: [1100, 1_000_000] };
    const last = { name: "last", shape: [3] };
    const header = encodeHeader([huge, last]);
    const start = header.length + 4.4e9;
    const file = await open(path, "w");
    await file.write(header);
    await file.write(new Uint8Array(Float32Array.of(1, 2, 3).buffer), 0, 12, start);
    await file.close();
    const read = await openSafetensors(path);
    expect(await read.read(read.places.get("last")!)).toEqual(Float32Array.of(1, 2, 3));
    for await (const { part } of read.parts(read.places.get("zeros")!)) {
      expect(part.every((value) => value === 0)).toBe(true);
      break;
    }
    await read.close();
  });

  it("is refused when it is opened if it is cut short, not one, or goes on", async () => {
    const path = join(folder, "short");
    await writeSafetensors(path, pending);
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, Buffer.alloc(4)]));
    await expect(openSafetensors(path, "w")).rejects.toThrow(/4 bytes after its last tensor/);
    for (const size of [whole.length - 1, 1000, 50, 8, 3, 0]) {
      await truncate(path, size);
      const thrown = await openSafetensors(path, "w").catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(PaletteError);
      expect((thrown as Error).message).toMatch(/^w is cut short/);
    }
    await writeFile(path, "PK\u0003\u0004 a zip file");
    await expect(openSafetensors(path, "w")).rejects.toThrow(/^w is not a safetensors file/);
  });

  it("is not left half written", async () => {
    const path = join(folder, "kept");
    await writeSafetensors(path, pending.slice(2));
    const before = await readFile(path);
    const wrong = { name: "b", shape: [7], data: () => new Float32Array(6) };
    await expect(writeSafetensors(path, [...pending, wrong])).rejects.toThrow(
      /"b" has 6 values, which do not fill/,
    );
    expect((await readFile(path)).equals(before)).toBe(true);
  });
});
