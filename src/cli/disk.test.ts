/** Every command that writes says what the disk said, in one line, and leaves no half file. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { tinyCheckpoint, tinyConfig } from "../../test/support/pytorch-palette.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { saveModel } from "../node/model-folder.ts";

/** Nothing can be written into folders of these names. */
const disks = vi.hoisted(() => ({ full: "full-disk", readOnly: "read-only-disk" }));

vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof import("node:fs/promises")>();
  const failure = (code: string) =>
    Object.assign(new Error(`${code}: the disk's reason`), { code });
  const open: typeof fs.open = async (path, flags, mode) => {
    const file = await fs.open(path, flags, mode);
    if (flags !== "wx" || !String(path).includes(disks.full)) return file;
    await file.writeFile("half");
    return Object.assign(file, { writeFile: () => Promise.reject(failure("ENOSPC")) });
  };
  const access: typeof fs.access = (path, mode) =>
    String(path).endsWith(disks.readOnly) && mode === fs.constants.W_OK
      ? Promise.reject(failure("EROFS"))
      : fs.access(path, mode);
  return { ...fs, open, access };
});

let root: string;
const at = (...names: string[]) => join(root, ...names);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-disk-"));
  vi.stubEnv("PALETTE_CACHE", at("cache"));
  for (const disk of Object.values(disks)) await mkdir(at(disk));
  await writeFile(at("7_Network.pth"), await tinyCheckpoint());
  await writePhotos(at("photos"), 9);
  await writeTinyNetwork(at("nets"));
  await saveModel(at("model"), randomModel({}, smallestNetwork));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

const measured = () => ["--nets", at("nets"), "--features", "tiny"];
const writers: readonly (readonly [string, (place: string) => string[]])[] = [
  ["import", (place) => ["import", at("7_Network.pth"), "--config", tinyConfig, "-o", place]],
  ["export -o", (place) => ["export", at("model"), "-o", join(place, "x.onnx")]],
  [
    "export --safetensors",
    (place) => ["export", at("model"), "--safetensors", join(place, "x.safetensors")],
  ],
  [
    "train",
    (place) => [
      "train",
      "--data",
      at("photos"),
      "--out",
      place,
      "--preset",
      "tiny-32",
      "--images",
      "1",
    ],
  ],
  [
    "evaluate",
    (place) => [
      "evaluate",
      "--model",
      at("model"),
      "--data",
      at("photos"),
      ...measured(),
      "-o",
      place,
    ],
  ],
  ["fid", (place) => ["fid", at("photos"), at("photos"), ...measured(), "-o", place]],
  [
    "colorize",
    (place) => [
      ...["colorize", at("photos", "photo-000.png"), "--model", at("model")],
      ...["--steps", "1", "-o", place],
    ],
  ],
];

describe.each([
  [disks.full, /ENOSPC: the disk's reason/],
  [disks.readOnly, /EROFS: the disk's reason/],
])("on a %s", (disk, reason) => {
  it.each(writers)("%s", async (_, argv) => {
    const { code, stderr } = await palette(...argv(at(disk, "a", "out")));
    // An evaluation has notes to print before.
    const lines = stderr.trimEnd().split("\n");
    expect(lines.filter((line) => /^palette: |ENOSPC|EROFS/.test(line))).toEqual([lines.at(-1)]);
    expect(lines.at(-1)).toMatch(reason);
    expect(code).toBe(1);
    const left = await readdir(at(disk), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([]);
    await rm(at(disk, "a"), { recursive: true, force: true });
  });
});
