import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { legacyTorchFile, torchFile, zipFile } from "../../../test/support/torch-file.ts";
import { PaletteError } from "../../util/errors.ts";
import { StoredTensor } from "./tensors.ts";
import { openFile, readCheckpoint } from "./torch-file.ts";

const fixtures = fileURLToPath(new URL("../../../test/fixtures/pytorch-palette", import.meta.url));
const { at, written } = temporaryFiles(".pth");

async function openCheckpoint(path: string) {
  const file = await openFile(path);
  const close = () => file.handle.close();
  try {
    return { ...(await readCheckpoint(file)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The tensors of a dictionary as lists of numbers. */
async function tensorsOf(path: string, pick = (value: unknown) => value) {
  const checkpoint = await openCheckpoint(path);
  try {
    const found: Record<string, { shape: readonly number[]; values: number[] }> = {};
    for (const [name, tensor] of pick(checkpoint.value) as Map<string, unknown>) {
      expect(tensor).toBeInstanceOf(StoredTensor);
      const { shape } = tensor as StoredTensor;
      found[name] = { shape, values: [...(await checkpoint.read(tensor as StoredTensor))] };
    }
    return found;
  } finally {
    await checkpoint.close();
  }
}

async function failure(path: string): Promise<string> {
  const message = await failureOf(openCheckpoint(path).then((checkpoint) => checkpoint.close()));
  expect(message).toContain(path);
  return message;
}

const state = new Map([
  ["weight", { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
  ["columns", { shape: [3, 2], strides: [1, 3], data: [1, 2, 3, 4, 5, 6] }],
  ["scalar", { shape: [], data: [7] }],
  ["none", { shape: [0, 4], data: [] }],
]);
const numbers = {
  weight: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
  columns: { shape: [3, 2], values: [1, 4, 2, 5, 3, 6] },
  scalar: { shape: [], values: [7] },
  none: { shape: [0, 4], values: [] },
};

it("is refused where the head of a part is damaged", async () => {
  const bytes = Buffer.from(torchFile(state));
  // The second head of a part, that of the first tensor.
  bytes[bytes.indexOf("PK\x03\x04", 4, "latin1")] = 0;
  const checkpoint = await openCheckpoint(await written(bytes));
  const tensor = (checkpoint.value as Map<string, StoredTensor>).get("weight");
  if (tensor === undefined) throw new Error("The file has the tensor.");
  expect(await failureOf(checkpoint.read(tensor))).toContain("is damaged where its part");
  await checkpoint.close();
});

describe("files of PyTorch 1.13", () => {
  it.each(["kinds_zip.pt", "kinds_legacy.pt"])(
    "%s: numbers of all kinds, strides, shared storages",
    async (name) => {
      const path = join(fixtures, name);
      const checkpoint = await openCheckpoint(path);
      await checkpoint.close();
      expect((checkpoint.value as Map<string, unknown>).get("epoch")).toBe(7);
      const found = await tensorsOf(path, (value) =>
        (value as Map<string, unknown>).get("state_dict"),
      );
      expect(found).toEqual({
        a: { shape: [3, 2], values: [0, 3, 1, 4, 2, 5] },
        b: { shape: [3], values: [0, 3, 6] },
        c: { shape: [2], values: [1.5, -2] },
        // The bfloat16 nearest to -3e38.
        d: { shape: [2], values: [1.5, -(2 ** 127) * 1.765625] },
        e: { shape: [3], values: [2, 3, 4] },
        f: { shape: [4], values: [0, 3, 6, 9] },
        g: { shape: [2], values: [1, 1] },
        h: { shape: [3], values: [1, 1, 1] },
      });
    },
  );
});

describe("archives", () => {
  it.each([
    ["as torch writes them", {}],
    ["named after the file", { root: "200_Network" }],
    ["of zip64", { zip64: true }],
    ["of a big-endian machine", { bigEndian: true }],
  ])("%s are read", async (_, options) => {
    expect(await tensorsOf(await written(torchFile(state, options)))).toEqual(numbers);
  });

  it("of the time before zip are read", async () => {
    expect(await tensorsOf(await written(legacyTorchFile(state)))).toEqual(numbers);
  });

  it.each([
    ["zip", torchFile(state)],
    ["zip64", torchFile(state, { zip64: true })],
    ["legacy", legacyTorchFile(state)],
  ])("cut off anywhere are refused: %s", async (_, whole) => {
    for (let length = 20; length < whole.length; length += 13) {
      expect(await failure(await written(whole.subarray(0, length), "cut.pth"))).toMatch(
        /download it again/,
      );
    }
  });

  it("never give anything but numbers or one line after a flipped byte", async () => {
    for (const whole of [torchFile(state), legacyTorchFile(state)]) {
      for (let i = 0; i < whole.length; i += 7) {
        const broken = whole.slice();
        broken[i]! ^= 1 << (i % 8);
        const path = await written(broken, "broken.pth");
        const thrown: unknown = await openCheckpoint(path)
          .then(async (checkpoint) => {
            const value = checkpoint.value instanceof Map ? checkpoint.value : new Map();
            try {
              for (const one of value.values()) {
                if (one instanceof StoredTensor) await checkpoint.read(one);
              }
            } finally {
              await checkpoint.close();
            }
          })
          .catch((error: unknown) => error);
        if (thrown !== undefined) expect(thrown).toBeInstanceOf(PaletteError);
      }
    }
  });

  it("whose storage is shorter than its tensor are refused", async () => {
    const lying = new Map([["weight", { shape: [1000, 1000], data: [1] }]]);
    expect(await failure(await written(torchFile(lying)))).toMatch(/more numbers than stored/);
  });
});

describe("what is no checkpoint is named", () => {
  const pickle = (name: string) =>
    Buffer.from(`\x80\x02c${name.replace(/\.(?=[^.]*$)/, "\n")}\n)R.`, "latin1");
  const onnx = Buffer.from("\x08\x08\x12\x07pytorch", "latin1");
  const header = '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}';
  const safetensors = Buffer.concat([
    Buffer.of(header.length, 0, 0, 0, 0, 0, 0, 0),
    Buffer.from(header),
  ]);
  const tar = Buffer.alloc(1024);
  tar.write("storages", 0);
  tar.write("ustar", 257);

  it("safetensors are known by their first bytes", async () => {
    const file = await openFile(await written(safetensors));
    await file.handle.close();
    expect(file.kind).toBe("safetensors");
  });

  it.each<[string, Uint8Array | string, RegExp]>([
    ["an empty file", "", /is no PyTorch checkpoint but an empty file: download/],
    ["a web page", "<!DOCTYPE html><html><title>Google Drive", /web page: the download failed/],
    ["a web page in capitals", "\n <HTML>", /web page/],
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0",
      /git lfs pull/,
    ],
    ["ONNX", onnx, /ONNX model.*the \.pth file/],
    ["a tar file", tar, /tar file/],
    ["gzip", Buffer.from("1f8b0800", "hex"), /packed file: unpack/],
    ["JSON", '{"name": "x"}', /JSON: name the \.pth/],
    ["a plain pickle", Buffer.from("80049500", "hex"), /plain pickle/],
    ["HDF5", Buffer.from("894844460d0a1a0a", "hex"), /HDF5/],
    ["noise", Buffer.from("0102030405060708090a0b0c", "hex"), /something else/],
    [
      "a folder of Google Drive",
      zipFile([["celebahq/16_Network.pth", Buffer.of(1)]]),
      /unzip it and name celebahq\/16_Network\.pth/,
    ],
    ["another zip file", zipFile([["a.txt", Buffer.of(1)]]), /no data\.pkl/],
    [
      "TorchScript",
      torchFile(state, { more: { "archive/constants.pkl": Buffer.of(1) } }),
      /TorchScript/,
    ],
    [
      "a malicious archive",
      zipFile([["archive/data.pkl", pickle("os.system")]]),
      /Python object os\.system/,
    ],
    [
      "a whole module",
      zipFile([["archive/data.pkl", pickle("models.network.Network")]]),
      /models\.network\.Network.*state_dict/,
    ],
  ])("%s", async (_, bytes, message) => {
    expect(await failure(await written(bytes))).toMatch(message);
  });

  it("a folder, and nothing at all", async () => {
    const folder = at("checkpoint");
    await mkdir(folder);
    expect(await failure(folder)).toMatch(/is a folder without a checkpoint/);
    await writeFile(join(folder, "200_Network.pth"), "");
    expect(await failure(folder)).toMatch(/is a folder: name .* as .*200_Network\.pth\.$/);
    expect(await failure(at("missing.pth"))).toMatch(/missing\.pth does not exist\.$/);
    expect(await failure(join(folder, "200"))).toMatch(
      /does not exist; name .*200_Network\.pth\.$/,
    );
  });

  it("an archive packed again by another program", async () => {
    const bytes = Buffer.from(await readFile(join(fixtures, "kinds_zip.pt")));
    // The method of the first entry in the table of contents: deflated.
    bytes.writeUInt16LE(8, bytes.indexOf("504b0102", 0, "hex") + 10);
    expect(await failure(await written(bytes))).toMatch(/packed again by another program/);
  });
});
