import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { splitHoldOut } from "../data/hold-out.ts";
import { type LeftOut, leftOutNotes } from "../data/photo-reader.ts";
import { photosDigest, scanPhotoSets, scanPhotos } from "./photo-folders.ts";

describe("scanPhotos", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "palette-photos-"));
    for (const folder of ["a/deep", "b", "empty", ".hidden"])
      await mkdir(join(root, folder), { recursive: true });
    const files = [
      "b/01.jpg",
      "a/02.PNG",
      "a/deep/01.jpg",
      "a/Z.webp",
      "a/notes.txt",
      "a/.secret.jpg",
      ".hidden/x.jpg",
    ];
    for (const file of files) await writeFile(join(root, file), "x");
    await symlink(root, join(root, "b", "loop"));
    await symlink(join(root, "nowhere.jpg"), join(root, "b", "dangling.jpg"));
  });
  afterAll(() => rm(root, { recursive: true }));

  it("finds photos in all subfolders, by file name and then path, without hidden files", async () => {
    const paths = await scanPhotos([root]);
    expect(paths).toEqual(
      ["a/deep/01.jpg", "b/01.jpg", "a/02.PNG", "a/Z.webp"].map((p) => join(root, p)),
    );
  });

  it("gives the same list whatever the order of the folders, and counts none twice", async () => {
    const [a, b] = [join(root, "a"), join(root, "b")];
    const list = await scanPhotos([a, b]);
    expect(await scanPhotos([b, a])).toEqual(list);
    expect(await scanPhotos([a, b, a])).toEqual(list);
    expect(new Set(list).size).toBe(list.length);
  });

  it("gives each named folder's photos by themselves, each photo once", async () => {
    const [a, b] = [join(root, "a"), join(root, "b")];
    const sets = [
      ["a/deep/01.jpg", "a/02.PNG", "a/Z.webp"].map((path) => join(root, path)),
      [join(b, "01.jpg")],
    ];
    const setsOf = async (...folders: string[]) =>
      (await scanPhotoSets(folders)).map(({ photos }) => photos);
    expect(await setsOf(a)).toEqual(sets.slice(0, 1));
    expect(await setsOf(a, a)).toEqual(sets.slice(0, 1));
    const nested = await setsOf(join(a, "deep"), a);
    expect(nested).toHaveLength(2);
    expect(nested).toContainEqual(sets[0]!.slice(1));
    expect(nested).toContainEqual([join(a, "deep", "01.jpg")]);
    expect(await setsOf(a, b)).toContainEqual(sets[0]);
  });

  it("orders equal names of two folders alike wherever these lie", async () => {
    const orderIn = async (place: string, names: readonly [string, string]) => {
      const folders = names.map((name) => join(root, ".moved", place, name));
      for (const [k, folder] of folders.entries()) {
        await mkdir(join(folder, "inner"), { recursive: true });
        for (const name of ["1.jpg", "2.jpg", "inner/1.jpg"])
          await writeFile(join(folder, name), `of ${k === 0 ? "one" : "the other"}`);
      }
      const sets = await scanPhotoSets(folders);
      const { train } = splitHoldOut(
        sets.map(({ photos }) => photos),
        "none",
      );
      return train.map((path) => {
        const k = folders.findIndex((folder) => path.startsWith(folder));
        return `${k} ${relative(folders[k]!, path)}`;
      });
    };
    const order = await orderIn("here", ["x", "y"]);
    expect(await orderIn("there", ["y", "x"])).toEqual(order);
    expect(order.map((photo) => basename(photo.slice(2))).join()).toBe(
      "1.jpg,1.jpg,1.jpg,1.jpg,2.jpg,2.jpg",
    );
  });

  it("leaves out what this package made, unless it is named itself", async () => {
    const data = join(root, ".data");
    const made = {
      run: ["config.json", { format: 2, network: {}, machine: {} }, "a run folder"],
      model: ["config.json", { format: 2, network: {} }, "a model"],
      report: [
        "settings.json",
        { format: 1, digest: "", holdOut: "" },
        "the folder of an evaluation",
      ],
      mine: ["config.json", { format: "jpg" }, undefined],
    } as const;
    for (const [name, [file, content]] of Object.entries(made)) {
      await mkdir(join(data, name, "samples"), { recursive: true });
      await writeFile(join(data, name, file), JSON.stringify(content));
      await writeFile(join(data, name, "samples", `${name}.png`), "x");
    }
    await writeFile(join(data, "1.png"), "x");
    const [set] = await scanPhotoSets([data]);
    expect(set!.photos.map((path) => basename(path))).toEqual(["1.png", "mine.png"]);
    expect(set!.leftOut).toEqual(
      ["model", "report", "run"].map((name) => ({
        path: join(data, name),
        what: made[name as keyof typeof made][2],
      })),
    );
    expect(await scanPhotos([join(data, "run")])).toEqual([
      join(data, "run", "samples", "run.png"),
    ]);
  });

  it("takes the endings of JPEG files, and tells what it cannot take", async () => {
    const data = join(root, ".endings");
    await mkdir(data);
    for (const name of ["1.jfif", "2.JPE", "3.bmp", "4.heic", "5.BMP", "6.txt"])
      await writeFile(join(data, name), "x");
    const taken = await scanPhotos([data]);
    expect(taken.map((path) => basename(path))).toEqual(["1.jfif", "2.JPE"]);
    const [set] = await scanPhotoSets([data]);
    expect(leftOutNotes(set!.leftOut!)).toEqual([
      `left out of the photos: ${join(data, "3.bmp")} and 2 more like it, which is a picture of a format that cannot be read: convert it to PNG or JPEG first`,
    ]);
    await rm(join(data, "1.jfif"));
    await rm(join(data, "2.JPE"));
    await expect(scanPhotos([data])).rejects.toThrow(/holds no photos \(.*3\.bmp and 2 more/);
  });

  it.skipIf(process.platform !== "linux")("leaves out names that are no text", async () => {
    const data = join(root, ".names");
    await mkdir(data);
    await writeFile(join(data, "1.png"), "x");
    // A name that really has the sign for what is no text.
    await writeFile(join(data, "2\ufffd.png"), "x");
    const latin1 = Buffer.from([...Buffer.from(`${data}/caf`), 0xe9]);
    await writeFile(Buffer.concat([latin1, Buffer.from(".png")]), "x");
    await mkdir(latin1);
    const left: LeftOut[] = [];
    const photos = await scanPhotos([data], (one) => left.push(one));
    expect(photos.map((path) => basename(path))).toEqual(["1.png", "2\ufffd.png"]);
    expect(left).toEqual([
      { path: expect.stringContaining("caf"), what: expect.stringMatching(/UTF-8/), others: 1 },
    ]);
  });

  it("knows a photo by what it holds where that is asked for", async () => {
    const data = join(root, ".held");
    await mkdir(data);
    const large = Buffer.alloc(200_000, 7);
    await writeFile(join(data, "1.png"), "first");
    await writeFile(join(data, "2.png"), large);
    const recordsNow = async () => (await scanPhotoSets([data], { records: true }))[0]!.records!;
    const before = await recordsNow();
    expect(before.map(({ name }) => name)).toEqual(["1.png", "2.png"]);
    await utimes(join(data, "1.png"), 1, 1);
    expect(await recordsNow()).toEqual(before);
    await writeFile(join(data, "1.png"), "FIRST");
    large[199_999] = 8;
    await writeFile(join(data, "2.png"), large);
    const now = await recordsNow();
    for (const k of [0, 1]) expect(now[k]!.fingerprint).not.toBe(before[k]!.fingerprint);
    expect(await photosDigest([join(data, "2.png")])).toBe("831e67f46dbe5c8b");
    expect((await scanPhotoSets([data]))[0]).not.toHaveProperty("records");
  });

  it("says which folder is missing, empty or no folder", async () => {
    const missing = join(root, "none");
    await expect(scanPhotos([missing])).rejects.toThrow(
      `The folder ${missing} does not exist; check the path.`,
    );
    await expect(scanPhotos([join(root, "empty")])).rejects.toThrow(
      /empty holds no photos \(jpg, jpeg, jpe, jfif, png/,
    );
    await expect(scanPhotos([join(root, "a/notes.txt")])).rejects.toThrow(
      /is a file; name the folder it is in/,
    );
    await expect(scanPhotos([])).rejects.toThrow(/at least one folder/);
  });
});

describe("splitHoldOut", () => {
  const photos = Array.from({ length: 273 }, (_, i) => `${String(i).padStart(3, "0")}.jpg`);

  it("holds out 39 of 273 photos by every:7:1, those whose index is 1 modulo 7", () => {
    const { train, heldOut } = splitHoldOut([photos], "every:7:1");
    expect(heldOut).toHaveLength(39);
    expect(heldOut.slice(0, 3)).toEqual(["001.jpg", "008.jpg", "015.jpg"]);
    expect([...train, ...heldOut].sort()).toEqual([...photos].sort());
    expect(splitHoldOut([photos], "none").train).toEqual(photos);
  });

  it("parts each folder by itself: a second one leaves the first one's held-out photos", () => {
    const others = Array.from({ length: 180 }, (_, i) => `${String(i).padStart(3, "0")}.png`);
    const { train, heldOut } = splitHoldOut([others, photos], "every:7:1");
    const { heldOut: alone } = splitHoldOut([photos], "every:7:1");
    expect(heldOut.filter((photo) => photo.endsWith(".jpg")).sort()).toEqual(alone.sort());
    expect(heldOut).toHaveLength(39 + 26);
    expect(train).toHaveLength(234 + 154);
  });

  it("refuses a rule that cannot be read or leaves nothing", () => {
    for (const rule of ["every:7", "every:7:7", "every:1:0", "7:1", "", "every:7:-1"]) {
      expect(() => splitHoldOut([photos], rule)).toThrow(/Cannot read the hold-out rule/);
    }
    expect(() => splitHoldOut([["a.jpg"]], "every:2:0")).toThrow(/leaves none of 1 photo for/);
  });
});
