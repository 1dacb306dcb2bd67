import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createImage,
  crop,
  flipHorizontal,
  grayscale,
  type Image,
  isGray,
} from "../image/image.ts";
import { nodeCodec, photoFiles } from "../node/codec.ts";
import { readImage } from "../node/decode-image.ts";
import { encodeImage, writeImage } from "../node/encode-image.ts";
import { scanPhotos } from "../node/photo-folders.ts";
import { tasks } from "../tasks/registry.ts";
import { Random } from "../util/random.ts";
import { type Example, ExampleSource, type ExampleSourceOptions } from "./examples.ts";
import { splitHoldOut } from "./hold-out.ts";
import { PhotoCache } from "./photo-cache.ts";

const resolution = 16;

describe("examples", () => {
  let folder: string;
  let photos: string[];
  const broken: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "palette-examples-"));
    for (let k = 0; k < 12; k++) {
      const random = Random.from("photo", k);
      const image = createImage(40 + 9 * k, 150 - 8 * k);
      for (let i = 0; i < image.data.length; i++)
        image.data[i] = Math.sin(i / (20 + k)) * random.uniform();
      await writeImage(
        join(folder, `photo-${String(k).padStart(2, "0")}.${k % 2 ? "jpg" : "png"}`),
        image,
      );
    }
    const whole = await sharp({ create: { width: 90, height: 90, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const bad: [string, Uint8Array | string][] = [
      ["photo-03b.png", whole.subarray(0, 60)],
      ["photo-06b.jpg", "not a photo"],
      ["photo-09b.jpg", ""],
      [
        "photo-10b.png",
        await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
          .png()
          .toBuffer(),
      ],
    ];
    for (const [name, content] of bad) {
      broken.push(join(folder, name));
      await writeFile(join(folder, name), content);
    }
    photos = await scanPhotos([folder]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  function source(options: Partial<ExampleSourceOptions> = {}): ExampleSource {
    return new ExampleSource({
      reader: photoFiles,
      codec: nodeCodec,
      photos,
      tasks,
      resolution,
      seed: 7,
      ...options,
    });
  }

  function bytesOf({ photo, task, y, condition }: Example): string {
    const planes = [y.data, condition.x.data, condition.mask?.data ?? new Float32Array()];
    const hex = planes.map((data) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
    );
    return [photo, task.name, condition.detail, ...hex].join("|");
  }

  it("are byte-identical whatever was asked before, in any order, side by side, with any cache", async () => {
    const indices = Array.from({ length: 60 }, (_, i) => i);
    const inOrder: string[] = [];
    const first = source();
    for (const i of indices) inOrder.push(bytesOf(await first.example(i)));
    expect(new Set(inOrder).size).toBe(60);

    for (const i of [59, 0, 23]) expect(bytesOf(await source().example(i))).toBe(inOrder[i]);
    const backwards = source({ cacheBytes: 50_000 });
    for (const i of indices.toReversed())
      expect(bytesOf(await backwards.example(i))).toBe(inOrder[i]);
    const sideBySide = source({ cacheBytes: 0 });
    const together = await Promise.all(indices.map((i) => sideBySide.example(i)));
    expect(together.map(bytesOf)).toEqual(inOrder);
    expect(bytesOf(await source({ seed: 8 }).example(0))).not.toBe(inOrder[0]);
  });

  it("skip broken files, name each once and count them", async () => {
    const reported: string[] = [];
    const examples = source({
      onSkip: (path, reason) => {
        reported.push(path);
        expect(reason).toContain(path);
      },
    });
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => examples.example(i)));
    expect(reported.sort()).toEqual([...broken].sort());
    expect(examples.skipped.size).toBe(4);
    for (const { photo } of all) expect(broken).not.toContain(photo);
    expect(new Set(all.map(({ photo }) => photo)).size).toBe(12);
  });

  it("are of the same photos and tasks when they vary, and each is another picture", async () => {
    const [usual, varied, again] = [source(), source({ vary: true }), source({ vary: true })];
    for (let i = 0; i < 30; i++) {
      const example = await varied.example(i);
      const other = await usual.example(i);
      expect([example.photo, example.task.name]).toEqual([other.photo, other.task.name]);
      expect(example.y).not.toEqual(other.y);
    }
    expect(bytesOf(await again.example(7))).toBe(bytesOf(await varied.example(7)));
  });

  it("show a photo's own pixels as often as their task asks, and are else as they were", async () => {
    const usual = source({ cropScale: "own..full" });
    const own = source({ cropScale: "own..full", ownPixels: { dejpeg: 0.5 } });
    const shown = { usual: 0, own: 0 };
    for (let i = 0; i < 400; i++) {
      const [example, other] = [await own.example(i), await usual.example(i)];
      expect([example.photo, example.task]).toEqual([other.photo, other.task]);
      if (example.task.name !== "dejpeg" || example.y.data.every((v, k) => v === other.y.data[k])) {
        expect(bytesOf(example)).toBe(bytesOf(other));
        if (example.task.name === "dejpeg") shown.usual++;
        continue;
      }
      shown.own++;
      expect(await holds(example.photo, example.y)).toBe(true);
    }
    // Some 80 examples, half of them: a deviation of 0.06.
    expect(shown.own / (shown.own + shown.usual)).toBeGreaterThan(0.3);
    expect(shown.own / (shown.own + shown.usual)).toBeLessThan(0.7);
  });

  /** Whether the photo has these very pixels somewhere, or mirrored. */
  async function holds(path: string, y: Image): Promise<boolean> {
    const photo = await readImage(path);
    const same = (piece: Image, left: number, top: number) =>
      crop(photo, { left, top, width: y.width, height: y.height }).data.every(
        (value, i) => Math.abs(value - piece.data[i]!) < 1e-3,
      );
    const places = Array.from({ length: photo.width - y.width + 1 }, (_, left) => left);
    const rows = Array.from({ length: photo.height - y.height + 1 }, (_, top) => top);
    return [y, flipHorizontal(y)].some((piece) =>
      rows.some((top) => places.some((left) => same(piece, left, top))),
    );
  }

  it("are in black and white as often as asked, and never where colours are the task", async () => {
    const [usual, gray] = [source(), source({ gray: 0.5 })];
    let [plain, coloured] = [0, 0];
    for (let i = 0; i < 200; i++) {
      const { task, y, condition, photo } = await gray.example(i);
      const other = await usual.example(i);
      expect([photo, task.name]).toEqual([other.photo, other.task.name]);
      if (task.name === "colorize") expect(y).toEqual(other.y);
      else if (isGray(y)) {
        plain++;
        expect(y).toEqual(grayscale(other.y));
        if (!condition.mask) expect(isGray(condition.x)).toBe(true);
      } else {
        coloured++;
        expect(y).toEqual(other.y);
      }
    }
    // Some 150 examples, half of them: a deviation of 6.
    expect(plain / (plain + coloured)).toBeGreaterThan(0.36);
    expect(plain / (plain + coloured)).toBeLessThan(0.64);
  });

  it("never come from a held-out photo", async () => {
    const { train, heldOut } = splitHoldOut([photos], "every:7:1");
    expect(heldOut.length).toBe(3);
    const examples = source({ photos: train });
    for (let i = 0; i < 300; i++) expect(heldOut).not.toContain((await examples.example(i)).photo);
  });

  it("take all tasks alike and have the shapes and ranges of the network", async () => {
    const examples = source();
    const counts = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const { y, condition, task, index } = await examples.example(i);
      expect(index).toBe(i);
      expect([y.width, y.height, condition.x.width, condition.x.height]).toEqual([16, 16, 16, 16]);
      expect(y.data.every((value) => value >= -1 && value <= 1)).toBe(true);
      counts.set(task.name, (counts.get(task.name) ?? 0) + 1);
    }
    for (const task of tasks) expect(Math.abs(counts.get(task.name)! - 100)).toBeLessThan(40);
  });

  it("draw photos in proportion to their weights, and the same ones with the same weights", async () => {
    const usable = photos.filter((path) => !broken.includes(path));
    const weights = usable.map((_, k) => (k === 0 ? 6 : 1));
    const examples = source({ photos: usable, weights });
    let first = 0;
    for (let i = 0; i < 300; i++) if ((await examples.example(i)).photo === usable[0]) first++;
    // 6 of 17 shares.
    expect(Math.abs(first - 106)).toBeLessThan(30);
    const again = source({ photos: usable, weights });
    expect(bytesOf(await again.example(299))).toBe(bytesOf(await examples.example(299)));
    for (const bad of [[1], weights.map(() => 0)])
      expect(() => source({ photos: usable, weights: bad })).toThrow(/weight above 0/);
  });

  it("show a photo's own pixels where every scale is drawn", async () => {
    const large = join(folder, ".large");
    await mkdir(large);
    // A chequerboard of single pixels: at any other scale it is no longer one.
    const board = createImage(200, 200);
    const data = board.data.map((_, i) => ((i % 200) + Math.floor(i / 200)) % 2);
    await writeImage(join(large, "board.png"), { ...board, data });
    const paths = await scanPhotos([large]);
    const contrast = async (cropScale?: ExampleSourceOptions["cropScale"]) => {
      const examples = source({ photos: paths, ...(cropScale && { cropScale }) });
      let most = 0;
      for (let i = 0; i < 60; i++) {
        const { y } = await examples.example(i);
        most = Math.max(most, Math.abs(y.data[0]! - y.data[1]!));
      }
      return most;
    };
    expect(await contrast("own..full")).toBeGreaterThan(0.3);
    expect(await contrast()).toBeLessThan(0.1);
  });

  it("survive one broken file among thousands", async () => {
    const many = join(folder, ".many");
    await mkdir(many);
    const whole = await encodeImage(createImage(20, 20, 0.5), "jpeg");
    for (let i = 0; i < 3000; i++) await writeFile(join(many, `${i}.jpg`), whole);
    const paths = await scanPhotos([many]);
    expect(paths).toHaveLength(3000);
    // The photo that example 5 would be cut from.
    const unlucky = Random.from(7, "example", 5).pick(paths);
    await writeFile(unlucky, whole.subarray(0, 200));

    const reported: string[] = [];
    const examples = source({ photos: paths, onSkip: (path) => reported.push(path) });
    for (let i = 0; i < 5; i++) await examples.example(i);
    expect(reported).toEqual([]);
    const met = await examples.example(5);
    expect(reported).toEqual([unlucky]);
    expect(met.photo).not.toBe(unlucky);
    // Known as broken or not, it makes no difference to the example.
    expect(bytesOf(await examples.example(5))).toBe(bytesOf(met));
    expect(reported).toHaveLength(1);
  });

  it("tell the first photo that has to be enlarged", async () => {
    const small = join(folder, ".small");
    await mkdir(small);
    const raw = { create: { width: 20, height: 12, channels: 3, background: "red" } } as const;
    const paths = [join(small, "a.png"), join(small, "b.png")];
    for (const path of paths) await sharp(raw).png().toFile(path);
    const told: string[] = [];
    const onEnlarge = (path: string, { width, height }: { width: number; height: number }) =>
      told.push(`${path} ${width}x${height}`);
    const enlarging = source({ photos: paths, resolution: 16, onEnlarge });
    for (let i = 0; i < 6; i++) await enlarging.example(i);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/[ab]\.png 20x12$/);
    const enough = source({ photos: paths, resolution: 12, onEnlarge });
    await enough.example(0);
    expect(told).toHaveLength(1);
  });

  it("fail with one line when no photo can be used", async () => {
    await expect(source({ photos: broken }).example(0)).rejects.toThrow(
      /^None of 4 photos can be used; the first: /,
    );
    expect(() => source({ photos: [] })).toThrow(/at least one photo/);
    expect(() => source({ tasks: [] })).toThrow(/at least one task/);
    expect(() => source({ resolution: 0.5 })).toThrow(/whole number of pixels/);
  });

  it("cost a few milliseconds at 64 pixels", async () => {
    const examples = source({ resolution: 64 });
    for (let i = 0; i < 60; i++) await examples.example(i);
    const times: number[] = [];
    for (let i = 0; i < 101; i++) {
      const start = performance.now();
      await examples.example(i);
      times.push(performance.now() - start);
    }
    // 1.5 to 3 ms on an idle core; the median of a busy machine stays far below this.
    expect(times.sort((a, b) => a - b)[50]).toBeLessThan(20);
  });
});

describe("the photo cache", () => {
  it("stays within its memory, keeps what was used last and decodes once for all who wait", async () => {
    const folder = await mkdtemp(join(tmpdir(), "palette-cache-"));
    const paths: string[] = [];
    for (const name of ["a.png", "b.png", "c.png"]) {
      paths.push(join(folder, name));
      await writeImage(paths.at(-1)!, createImage(200, 100));
    }
    const [a, b, c] = paths as [string, string, string];
    const each = 80 * 40 * 3;
    const cache = new PhotoCache({ reader: photoFiles, shortSide: 40, cacheBytes: 2 * each });
    const [photo, same] = await Promise.all([cache.get(a), cache.get(a)]);
    expect([photo!.width, photo!.height]).toEqual([80, 40]);
    expect(same).toBe(photo);
    await cache.get(b);
    expect(await cache.get(a)).toBe(photo);
    await cache.get(c);
    expect(cache.heldBytes).toBe(2 * each);
    // b was used least recently and made room; a stayed.
    await rm(folder, { recursive: true });
    expect(await cache.get(a)).toBe(photo);
    await expect(cache.get(b)).rejects.toThrow("does not exist");
    // It counts as broken only once it was read.
    await mkdir(folder);
    await writeFile(b, "no photo");
    expect(await cache.get(b)).toBeUndefined();
    expect([...cache.skipped.keys()]).toEqual([b]);
    await rm(folder, { recursive: true });
  });
});
