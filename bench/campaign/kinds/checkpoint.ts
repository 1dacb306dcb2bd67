/** Checkpoints of PyTorch: damaged archives and pickles, and pickles that nobody should load. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Random } from "../../../src/util/random.ts";
import { text, zipFile } from "../../../test/support/torch-file.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { type Mutated, mutateBytes } from "../mutations/bytes.ts";
import { fileStem, placeOddFile } from "../mutations/files.ts";
import { specimens } from "../specimens.ts";

async function make(random: Random, place: Place): Promise<Case> {
  const name = random.pick([...specimens.checkpoints, "tiny.pth", "tiny.pth"]);
  const path = join(place.room, `${fileStem(random)}.pth`);
  const kind = random.uniform();
  const config = place.specimen(specimens.theirConfig);
  if (kind < 0.05) {
    await copyFile(place.specimen("tiny.pth"), path);
    return imported(path, "tiny.pth as it is", config, [0], random);
  }
  if (kind < 0.12) {
    const odd = await placeOddFile(path, place.specimen("tiny.pth"), random);
    return imported(odd.path, odd.how, config, odd.good ? [0] : [1], random);
  }
  const file = await readFile(place.specimen(name));
  const { bytes, how } = kind < 0.3 ? random.pick(made)(random) : mutateBytes(file, random);
  await writeFile(path, bytes);
  const given = random.uniform() < 0.8 ? config : undefined;
  return imported(path, `${name}: ${how}`, given, bytes.length === 0 ? [1] : [0, 1], random);
}

/** The file through the command, or through the library. */
export function imported(
  path: string,
  what: string,
  config: string | undefined,
  codes: readonly number[],
  random: Random,
): Case {
  // A good checkpoint may still be one that cannot be imported without its configuration.
  if (config !== undefined && random.uniform() < 0.3 && !codes.includes(0))
    return {
      what: `importNetwork: ${what}`,
      run: { call: { name: "importNetwork", path } },
      codes,
    };
  const options = config === undefined ? [] : ["--config", config];
  const argv = ["import", ...options, "-o", "out", "--", path];
  return { what: `import: ${what}`, run: { argv }, codes };
}

const archive = (pickle: string, how: string, more: [string, Uint8Array][] = []): Mutated => ({
  bytes: zipFile([
    ["archive/data.pkl", Buffer.from(pickle, "latin1")],
    ["archive/version", Buffer.from("3\n")],
    ...more,
  ]),
  how,
});

const tensor = (shape: string, key = "0", length = "J\x01\x00\x00\x00") =>
  `ctorch._utils\n_rebuild_tensor_v2\n((${text("storage")}ctorch\nFloatStorage\n${text(key)}${text("cpu")}${length}tQK\x00(${shape}t(K\x01t\x89NtR`;

/** Archives that are sound, with a pickle that is not what it should be. */
const made: readonly ((random: Random) => Mutated)[] = [
  () => archive("\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.", "a pickle that runs a program"),
  () => archive("\x80\x02c__builtin__\neval\n)R.", "a pickle that evaluates"),
  () => archive(`\x80\x02${"(".repeat(100_000)}.`, "100,000 marks"),
  () => archive(`\x80\x02${"]".repeat(100_000)}${"a".repeat(99_999)}.`, "100,000 nested lists"),
  () => archive("\x80\x02]q\x00h\x00a.", "a list in itself"),
  () => archive(`\x80\x02}q\x00${text("a")}h\x00s.`, "a dictionary in itself"),
  () => archive("\x80\x02.", "a pickle of nothing"),
  () => archive("\x80\x02]", "a pickle without an end"),
  () => archive("\x80\x02N.", "None"),
  () => archive("\x80\x02h\x05.", "a memo that is not there"),
  () => archive("\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\x7f.", "a frame of 2^63 bytes"),
  () => archive("\x80\x02X\xff\xff\xff\xff.", "a text of 4 GiB"),
  () => archive(`\x80\x02\x8b\xff\xff\xff\x7f.`, "a number of 2^31 bytes"),
  () => archive(`\x80\x02}(${text("__proto__")}${tensor("K\x01")}u.`, "a tensor called __proto__"),
  () =>
    archive(
      `\x80\x02}(${text("a")}${tensor("J\xff\xff\xff\x7fJ\xff\xff\xff\x7f")}u.`,
      "a tensor of 2^62 numbers",
      [["archive/data/0", new Uint8Array(4)]],
    ),
  () =>
    archive(`\x80\x02}(${text("a")}${tensor("J\xff\xff\xff\xff")}u.`, "a tensor of -1 numbers", [
      ["archive/data/0", new Uint8Array(4)],
    ]),
  () => archive(`\x80\x02}(${text("a")}${tensor("K\x01", "../../x")}u.`, "a storage outside"),
  (random) => {
    const weights = Buffer.alloc(4);
    weights.writeFloatLE(random.pick([Number.NaN, Number.POSITIVE_INFINITY, 1e38]));
    return archive(
      `\x80\x02}(${text("denoise_fn.out.2.bias")}${tensor("K\x01")}u.`,
      "one weight only",
      [["archive/data/0", weights]],
    );
  },
  () => ({ bytes: bomb("archive/data.pkl"), how: "a pickle of 256 MB in 256 kB" }),
  () => ({ bytes: zipFile([]), how: "an empty archive" }),
  () => ({
    bytes: zipFile([
      ["a/data.pkl", Buffer.from("x")],
      ["b/data.pkl", Buffer.from("y")],
    ]),
    how: "two pickles",
  }),
  () => ({
    bytes: Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
    how: "a Git LFS pointer",
  }),
  () => ({ bytes: Buffer.from("<!DOCTYPE html>"), how: "an HTML page" }),
];

/** A zip of one entry that unpacks to 256 MB of zeros. */
function bomb(name: string): Uint8Array {
  const size = 2 ** 28;
  const packed = deflateRawSync(Buffer.alloc(size));
  // As a stored entry, whose two records then say otherwise.
  const bytes = Buffer.from(zipFile([[name, packed]]));
  bytes.writeUInt16LE(8, 8);
  bytes.writeUInt32LE(size, 22);
  const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  bytes.writeUInt16LE(8, directory + 10);
  bytes.writeUInt32LE(size, directory + 24);
  return bytes;
}

export const checkpoint: CaseKind = {
  name: "checkpoint",
  title: "PyTorch checkpoints",
  share: 1600,
  make,
};
