/** Photos made into shards, and what is trained on these. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { writeTar } from "../../test/support/tar.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { ExampleSource } from "../data/examples.ts";
import { fileName } from "../data/hold-out.ts";
import { tasks } from "../tasks/registry.ts";
import { nodeCodec, photoFiles } from "./codec.ts";
import { makeShards, type ShardOptions, type ShardRequest } from "./make-shards.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import { RunFolder } from "./run-folder.ts";
import { planTraining, train } from "./training.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-shards-"));
  vi.stubEnv("PALETTE_CACHE", at("cache"));
  await writePhotos(at("photos"), 12);
  await writePhotos(at("photos", "deep", "er"), 12);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

const make = (changes: Partial<ShardRequest & ShardOptions> = {}) => {
  const { data = at("photos"), side = null, out = at("own"), ...rest } = changes;
  const request = { data, side, format: "png", size: { photos: 5 }, ...rest } as const;
  return makeShards(request, { out, ...rest });
};

/** The bytes of all shards in a folder, by name. */
async function tarsIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tar")).sort();
  const each = names.map(async (name) => [name, await readFile(join(folder, name), "base64")]);
  return Object.fromEntries(await Promise.all(each));
}

const planned = (data: string) =>
  planTraining({
    data: [data],
    network: smallestNetwork,
    tasks: ["colorize"],
    holdOut: "none",
    optimizer: { batch: 4, accumulate: 1 },
    threads: 1,
  });

/** Trains an update; returns the weights' bytes. */
async function trained(data: string, out: string): Promise<string> {
  const options = { out: at(out), images: 4, heldOutEvery: 1e6, samplesEvery: 1e6 };
  await train(await planned(data), options);
  return readFile(at(out, "model", "weights.safetensors"), "base64");
}

describe("shards at the photos' own size", () => {
  it("hold the files as they are, in order, with the digest of the folder", async () => {
    const shards = await make();
    expect(shards.map(({ file, photos }) => [file, photos])).toEqual(
      [5, 5, 5, 5, 4].map((photos, k) => [`photos-00000${k}.tar`, photos]),
    );
    const [folder] = await scanPhotoSets([at("photos")], { records: true });
    const [set] = await scanPhotoSets([at("own")], { records: true });
    expect(set!.digest).toBe(folder!.digest);
    expect(set!.records).toEqual(folder!.records);
  });

  it("train the same bytes as the folder, and a run of the folder goes on with them", async () => {
    await make();
    const weights = await trained(at("photos"), "run-folder");
    expect(await trained(at("own"), "run-shards")).toBe(weights);
    const { config, photos } = await planned(at("own"));
    const run = await RunFolder.open(at("run-folder"), config, photos);
    expect(run.earlier?.photos).toEqual(config.photos);
    await run.close();
  });

  it("have equal bytes after a stop, and with any number of threads", async () => {
    await make();
    const controller = new AbortController();
    const stopped = make({
      out: at("again"),
      threads: 1,
      signal: controller.signal,
      onProgress: (done) => {
        if (done === 13) controller.abort(new Error("killed"));
      },
    });
    await expect(stopped).rejects.toThrow("killed");
    expect(Object.keys(await tarsIn(at("again")))).toHaveLength(2);
    await expect(scanPhotoSets([at("again")])).rejects.toThrow(/not all made: give palette shards/);
    const tried: number[] = [];
    await make({ out: at("again"), threads: 3, onProgress: (done) => tried.push(done) });
    expect(tried[0]).toBe(10);
    expect(await tarsIn(at("again"))).toEqual(await tarsIn(at("own")));
    expect(await readFile(at("again", "shards.json"), "utf8")).toBe(
      await readFile(at("own", "shards.json"), "utf8"),
    );
    // Once more there is nothing to do; another setting is refused.
    expect(await make({ out: at("again") })).toHaveLength(5);
    await expect(make({ out: at("again"), side: 32 })).rejects.toThrow(/other photos or settings/);
  });
});

describe("shards at the size of training", () => {
  it("give the same examples as the folder, by crops of half to full", async () => {
    const side = 4 * smallestNetwork.resolution;
    await make({ out: at("small"), side, size: { bytes: 20_000 } });
    const [set] = await scanPhotoSets([at("small")]);
    for (const path of set!.photos) {
      const { width, height } = await photoFiles.read(path);
      expect(Math.min(width, height)).toBeLessThanOrEqual(side);
    }
    const [folder] = await scanPhotoSets([at("photos")]);
    const sources = [folder!, set!].map(
      ({ photos }) =>
        new ExampleSource({
          ...{ reader: photoFiles, codec: nodeCodec, photos, tasks, seed: 1 },
          ...{ resolution: smallestNetwork.resolution, cropScale: "half..full" },
        }),
    );
    for (let k = 0; k < 30; k++) {
      const [one, other] = await Promise.all(sources.map((source) => source.example(k)));
      expect(other!.y).toEqual(one!.y);
      expect(other!.condition).toEqual(one!.condition);
    }
  });

  it("stand upright, name broken photos, and keep names and order of formats that change", async () => {
    const wide = sharp({ create: { width: 60, height: 40, channels: 3, background: "red" } });
    await writePhotos(at("odd"), 2, 1);
    await wide.clone().withMetadata({ orientation: 6 }).jpeg().toFile(at("odd", "turned.jpg"));
    await wide.clone().tiff().toFile(at("odd", "b.tif"));
    await wide.clone().resize(20, 20).tiff().toFile(at("odd", "tiny.tif"));
    const notes: string[] = [];
    await make({
      data: at("odd"),
      out: at("odd-shards"),
      side: 30,
      format: "jpg",
      onNote: (note) => notes.push(note),
    });
    expect(notes).toEqual([expect.stringMatching(/photo skipped: .*photo-000-broken-0\.jpg/)]);
    const [set] = await scanPhotoSets([at("odd-shards")]);
    expect(set!.photos.map(fileName)).toEqual([
      ...["b.tif.jpg", "photo-000.png.jpg", "photo-001.png.jpg", "tiny.tif", "turned.jpg"],
    ]);
    const turned = await photoFiles.read(set!.photos.at(-1)!);
    expect([turned.width, turned.height]).toEqual([30, 45]);
  });
});

describe("palette shards", () => {
  it("prints the shards, and what to do with them", async () => {
    const argv = ["shards", at("photos"), "-o", at("cli"), "--preset", "tiny-32", "--size", "10"];
    const { code, lines, stderr } = await palette(...argv);
    expect([code, lines]).toEqual([0, [0, 1, 2].map((k) => at("cli", `photos-00000${k}.tar`))]);
    expect(stderr).toMatch(
      /24 photos of 128 pixels at most in 3 shards, 1 MB: palette train --data/,
    );
    const { stdout } = await palette(...argv, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ side: 128, photos: 24, shards: { length: 3 } });
  });

  it.each([
    [["--size", "0"], 2, /whole number of at least 1/],
    [["--size", "big"], 2, /Give 500MB, 1GB, or photos as 1000/],
    [["--side", "x"], 2, /whole number/],
    [["--format", "png", "--quality", "7"], 2, /PNG|png/],
    [["--format", "bmp"], 2, /Allowed choices are jpg, png, webp/],
  ])("refuses %j in one line", async (more, expected, message) => {
    const { code, stderr } = await palette("shards", at("photos"), "-o", at("new"), ...more);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("refuses several sets, and a shard that was damaged since", async () => {
    await writeTar(at("two", "a-0.tar"), [["x.png", "x"]]);
    await writeTar(at("two", "b-0.tar"), [["y.png", "x"]]);
    await expect(make({ data: at("two", "*.tar"), out: at("new") })).rejects.toThrow(
      /more than one set/,
    );
    await make({ out: at("hurt") });
    await rm(at("hurt", "photos-000004.tar"));
    await writeFile(at("hurt", "photos-000003.tar"), "shorter");
    await expect(make({ out: at("hurt") })).rejects.toThrow(/photos-000003\.tar is cut short/);
  });
});
