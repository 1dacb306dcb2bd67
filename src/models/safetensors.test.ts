import { describe, expect, it } from "vitest";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "./safetensors.ts";

const random = Random.from("safetensors.test");

function tensor(...shape: number[]): Tensor {
  const values = shape.reduce((product, side) => product * side, 1);
  return { shape, data: random.fillNormal(new Float32Array(values)) };
}

const tensors: [string, Tensor][] = [
  ["down.0.block.1.conv1.weight", tensor(4, 3, 3, 3)],
  ["empty", tensor(0, 5)],
  ["scalar", tensor()],
  ["größe", tensor(7)],
];

/** A file made by hand: header text, then data bytes. */
function file(header: string, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  return Uint8Array.of(text.length & 255, text.length >> 8, 0, 0, 0, 0, 0, 0, ...text, ...data);
}

function messageOf(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, "w.safetensors");
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PaletteError);
    const { message } = thrown as PaletteError;
    expect(message).toMatch(/^w\.safetensors[^\n]*$/);
    return message;
  }
  return "";
}

describe("round trips", () => {
  it("F32 is exact, with names, order, shapes and metadata", () => {
    const metadata = { format: "1", step: "4800" };
    const read = decodeSafetensors(encodeSafetensors(tensors, { metadata }));
    expect(read.metadata).toEqual(metadata);
    expect([...read.tensors.keys()]).toEqual(tensors.map(([name]) => name));
    for (const [name, { shape, data }] of tensors) {
      expect(read.tensors.get(name)!.shape).toEqual(shape);
      expect(read.tensors.get(name)!.data).toEqual(data);
    }
  });

  it("F16 keeps 11 bits and is exact the second time", () => {
    const once = decodeSafetensors(encodeSafetensors(tensors, { dtype: "F16" })).tensors;
    for (const [name, { data }] of tensors) {
      once.get(name)!.data.forEach((value, i) => {
        expect(Math.abs(value - data[i]!)).toBeLessThanOrEqual(Math.abs(data[i]!) * 2 ** -11);
      });
    }
    const bytes = encodeSafetensors(once, { dtype: "F16" });
    const twice = decodeSafetensors(bytes).tensors;
    expect([...twice.values()].map((t) => t.data)).toEqual([...once.values()].map((t) => t.data));
    expect(bytes.length).toBeLessThan(encodeSafetensors(once).length);
  });

  it("reads from any offset into a larger buffer", () => {
    const bytes = encodeSafetensors(tensors);
    for (const dtype of ["F32", "F16"] as const) {
      const encoded = encodeSafetensors(tensors, { dtype });
      const shifted = new Uint8Array(bytes.length + 3).subarray(3, 3 + encoded.length);
      shifted.set(encoded);
      const expected = decodeSafetensors(encoded).tensors.get("größe");
      expect(decodeSafetensors(shifted).tensors.get("größe")).toEqual(expected);
    }
  });

  it("holds no tensors at all", () => {
    expect(decodeSafetensors(encodeSafetensors([])).tensors.size).toBe(0);
  });
});

describe("the format", () => {
  it("is a length, a JSON header and little-endian numbers at a multiple of 8", () => {
    const bytes = encodeSafetensors([["a", { shape: [2], data: Float32Array.of(1, -2) }]]);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header).toEqual({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  });

  it("reads a file written by hand, in whatever order its header names the tensors", () => {
    const header =
      '{"h":{"dtype":"F16","shape":[3],"data_offsets":[4,10]},' +
      '"f":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}';
    // 0.5; then 1, the smallest half above zero (2^-24), the largest half (65504).
    const data = [0, 0, 0, 0x3f, 0x00, 0x3c, 0x01, 0x00, 0xff, 0x7b];
    const { tensors: read, metadata } = decodeSafetensors(file(header, data));
    expect([...read.keys()]).toEqual(["f", "h"]);
    expect([...read.get("f")!.data]).toEqual([0.5]);
    expect([...read.get("h")!.data]).toEqual([1, 2 ** -24, 65504]);
    expect(metadata).toEqual({});
  });

  it("rounds to F16 to nearest, ties to even, and keeps what is not finite", () => {
    const values = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 2 ** -25, 2 ** -24 * 1.6, -0, -Infinity];
    const bytes = encodeSafetensors([["t", { shape: [7], data: Float32Array.from([...values]) }]], {
      dtype: "F16",
    });
    const read = [...decodeSafetensors(bytes).tensors.get("t")!.data];
    expect(read).toEqual([1, 1 + 2 ** -9, 65504, 0, 2 ** -23, -0, -Infinity]);
  });
});

describe("what cannot be written", () => {
  const one: Tensor = { shape: [1], data: Float32Array.of(70_000) };
  it("is refused", () => {
    expect(() => encodeSafetensors([["t", one]], { dtype: "F16" })).toThrow(/"t".*70000.*F32/);
    expect(() =>
      encodeSafetensors([
        ["t", one],
        ["t", one],
      ]),
    ).toThrow(/Two tensors/);
    expect(() => encodeSafetensors([["t", { ...one, shape: [2] }]])).toThrow(PaletteError);
    expect(() => encodeSafetensors([["__metadata__", one]])).toThrow(PaletteError);
  });
});

describe("what cannot be read", () => {
  const whole = encodeSafetensors(tensors);

  it("a file cut off anywhere is refused", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(messageOf(whole.slice(0, length))).toMatch(/cut short/);
    }
  });

  it("bytes after the end are refused", () => {
    const longer = new Uint8Array(whole.length + 1);
    longer.set(whole);
    expect(messageOf(longer)).toMatch(/1 bytes after/);
  });

  it("other files are refused", () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0);
    expect(messageOf(png)).toMatch(/not a safetensors file/);
    expect(messageOf(new TextEncoder().encode("PK\x03\x04 a zip file of PyTorch"))).toMatch(
      /not a/,
    );
    expect(messageOf(new Uint8Array(100))).toMatch(/not a safetensors file/);
    for (let i = 0; i < 200; i++) {
      const garbage = Uint8Array.from({ length: 50 }, () => random.integer(0, 255));
      expect(messageOf(garbage)).not.toBe("");
    }
  });

  it.each([
    ["no JSON", "{nonsense", /header/],
    ["no offsets", '{"a":{"dtype":"F32","shape":[1]}}', /header/],
    ["negative sides", '{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}', /header/],
    ["a hole", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', /"a"/],
    ["a wrong shape", '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', /"a"/],
    ["another type", '{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}', /BF16.*convert/],
    ["bad metadata", '{"__metadata__":{"a":1}}', /header/],
  ])("a header with %s is refused", (_, header, message) => {
    expect(messageOf(file(header, [0, 0, 0, 0, 0, 0, 0, 0]))).toMatch(message);
  });

  it("never throws anything but one line after a flipped byte", () => {
    for (let i = 0; i < 400; i++) {
      const broken = whole.slice();
      broken[random.integer(0, 300)]! ^= 1 << random.integer(0, 7);
      messageOf(broken);
    }
  });
});
