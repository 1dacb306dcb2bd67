import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import type { ComparisonProgress } from "../evaluation/protocol/compare-sets.ts";
import { createImage } from "../image/image.ts";
import { writeImage } from "../node/encode-image.ts";
import { PaletteError } from "../util/errors.ts";
import { compareFolders } from "./evaluate.ts";

let root: string;
let options: NonNullable<Parameters<typeof compareFolders>[2]>;
const at = (...names: string[]) => join(root, ...names);

/** Plain colours: the tiny network's features are the means of the channels, 0 to 1. */
async function plain(folder: string, colours: readonly (readonly number[])[], ending = "png") {
  await mkdir(at(folder));
  for (const [k, colour] of colours.entries()) {
    const image = createImage(8, 8);
    colour.forEach((value, c) => {
      image.data.fill(2 * value - 1, c * 64, (c + 1) * 64);
    });
    await writeImage(at(folder, `${k}.${ending}`), image);
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-folders-"));
  process.env.PALETTE_CACHE = at("cache");
  await writeTinyNetwork(at("nets"));
  options = { nets: at("nets"), features: "tiny" };
  await plain("a", [
    [0, 0, 0],
    [0.2, 0, 0],
    [0.4, 0, 0],
  ]);
  await plain("b", [
    [0.4, 0, 0],
    [0.6, 0, 0],
    [0.8, 0, 0],
  ]);
});
afterAll(async () => {
  delete process.env.PALETTE_CACHE;
  await rm(root, { recursive: true });
});

describe("two folders", () => {
  it("of one spread, shifted by 0.4 in red, are 0.16 apart", async () => {
    const stages = new Map<string, ComparisonProgress>();
    const result = await compareFolders(at("a"), at("b"), {
      ...options,
      onProgress: (progress) => stages.set(progress.stage, progress),
    });
    expect(result.images).toEqual([3, 3]);
    expect(result.fid).toBeCloseTo(0.16, 5);
    expect(result.pd).toBeCloseTo(0.4, 5);
    expect(result.network.name).toBe("tiny");
    expect(result.kid).toBeUndefined();
    expect(result.notes).toEqual([
      "KID needs at least 50 pictures in each folder; there are 3.",
      expect.stringContaining("3 pictures for 3 features"),
    ]);
    expect([...stages.values()]).toEqual([
      { stage: "pictures", done: 6, total: 6 },
      { stage: "fid", done: 3, total: 3 },
    ]);
    const back = await compareFolders(at("b"), at("a"), options);
    expect(back.fid).toBeCloseTo(result.fid, 6);
    expect(back.is).toEqual([...result.is!].reverse());
  });

  it("that are the same differ in nothing", async () => {
    const { fid, pd } = await compareFolders(at("a"), at("a"), options);
    expect(fid).toBeCloseTo(0, 6);
    expect(pd).toBe(0);
  });

  it("stop by a signal while distances are computed", async () => {
    for (const stage of ["pictures", "fid"]) {
      const controller = new AbortController();
      const running = compareFolders(at("a"), at("b"), {
        ...options,
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.stage === stage) controller.abort(new Error(`stopped at ${stage}`));
        },
      });
      await expect(running).rejects.toThrow(`stopped at ${stage}`);
    }
  });

  it("have no PD when their pictures have different names", async () => {
    await plain("c", [
      [0, 0, 0],
      [0.2, 0, 0],
    ]);
    const { pd, images } = await compareFolders(at("a"), at("c"), options);
    expect(pd).toBeUndefined();
    expect(images).toEqual([3, 2]);
  });

  it("are refused in one line when one is missing, too small or holds a broken picture", async () => {
    await plain("one", [[0, 0, 0]]);
    await mkdir(at("broken"));
    await writeFile(at("broken", "1.png"), await readFile(at("a", "0.png")));
    await writeFile(at("broken", "2.png"), "no picture");
    for (const other of ["none", "one", "broken"]) {
      const refusal = compareFolders(at("a"), at(other), options);
      await expect(refusal).rejects.toThrow(PaletteError);
      await expect(refusal).rejects.toThrow(/^[^\n]+$/);
    }
  });
});
