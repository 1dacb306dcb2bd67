import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { writeAtomically } from "./atomic-write.ts";
import { makeFolder } from "./make-folder.ts";

/** Below this folder the disk is read-only; Node then tells another failure of `recursive`. */
const { readOnly } = vi.hoisted(() => ({ readOnly: "on-a-read-only-disk" }));

vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof import("node:fs/promises")>();
  const mkdir = async (path: string, options?: { recursive: boolean }) => {
    const [, below] = path.split(readOnly);
    if (below === undefined) return fs.mkdir(path, options);
    const code = options?.recursive || below.lastIndexOf("/") > 0 ? "ENOENT" : "EROFS";
    throw Object.assign(new Error(`${code}: mkdir '${path}'`), { code });
  };
  return { ...fs, mkdir };
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-make-folder-"));
});
afterAll(() => rm(root, { recursive: true }));

it("creates the folders above, and is content with one that is there", async () => {
  await makeFolder(join(root, "a", "b"));
  await makeFolder(join(root, "a", "b"));
  expect((await stat(join(root, "a", "b"))).isDirectory()).toBe(true);
});

it("says that a disk is read-only, not that the folder is missing", async () => {
  const path = join(root, readOnly, "run", "model");
  await expect(makeFolder(path)).rejects.toThrow(/^EROFS: mkdir '.*run'$/);
  await expect(writeAtomically(join(path, "config.json"), "")).rejects.toThrow(
    /^Cannot write .*config\.json: EROFS/,
  );
});

it("says that a file is in the way", async () => {
  const file = join(root, "rgb.png");
  await writeFile(file, "x");
  await expect(makeFolder(file)).rejects.toThrow(/rgb\.png is a file, not a folder$/);
  await expect(makeFolder(join(file, "x"))).rejects.toThrow(/is a file, not a folder$/);
});
