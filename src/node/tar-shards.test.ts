/** Photos in tar shards, as photos in folders. */
import { execFileSync } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { writeTar } from "../../test/support/tar.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { fileName, splitHoldOut } from "../data/hold-out.ts";
import { leftOutNotes } from "../data/photo-reader.ts";
import { photoFiles } from "./codec.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import { readInTar, tarIndex } from "./tar-index.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);
/** File names and contents of the photos in a folder. */
let photos: [string, Uint8Array][];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-tar-"));
  vi.stubEnv("PALETTE_CACHE", at("cache"));
  await writePhotos(at("photos"), 9);
  photos = await Promise.all(
    (await readdir(at("photos"))).map(
      async (name) => [name, await readFile(at("photos", name))] as [string, Uint8Array],
    ),
  );
  await writeTar(at("shards", "train-000.tar"), photos.slice(0, 4));
  await writeTar(at("shards", "train-001.tar"), photos.slice(4));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

describe("the index of a tar", () => {
  it.each(["ustar", "gnu", "pax", "oldgnu"])("is right for the format %s", async (format) => {
    const deep = at(`deep-${format}`, "tree", "d".repeat(90));
    const long = `${"n".repeat(format === "ustar" ? 60 : 140)}.png`;
    const names = [long, "a.png", ...(format === "ustar" ? [] : ["\u00fc \u{1f5bb}.png"])];
    await mkdir(deep, { recursive: true });
    for (const name of names) await writeFile(join(deep, name), name.repeat(40));
    const tar = at(`deep-${format}`, "x.tar");
    execFileSync("tar", [
      `--format=${format}`,
      "-C",
      at(`deep-${format}`, "tree"),
      "-cf",
      tar,
      ".",
    ]);
    const { members } = await tarIndex(tar);
    expect(members.size).toBe(names.length);
    for (const name of names) {
      const bytes = await readInTar(`${tar}/${"d".repeat(90)}/${name}`);
      expect(String(Buffer.from(bytes ?? []))).toBe(name.repeat(40));
    }
    expect(await readInTar(`${tar}/none.png`)).toBeUndefined();
  });

  it("has the last of several files with one name, as when it is unpacked", async () => {
    const tar = at("twice.tar");
    await writeTar(tar, [
      ["a.png", "old"],
      ["b.png", "b"],
      ["./a.png", "new"],
    ]);
    expect([...(await tarIndex(tar)).members.keys()]).toEqual(["b.png", "a.png"]);
    expect(String(Buffer.from((await readInTar(`${tar}/a.png`)) ?? []))).toBe("new");
  });

  it("is kept for the next process, and made anew when the tar is another", async () => {
    const many = Array.from({ length: 200 }, (_, k) => [`${k}.png`, "x"] as const);
    const tar = at("many.tar");
    await writeTar(tar, many);
    expect((await tarIndex(tar)).members.size).toBe(200);
    expect(await readdir(at("cache", "shards"))).toHaveLength(1);
    vi.resetModules();
    const again: typeof import("./tar-index.ts") = await import("./tar-index.ts");
    expect(await again.tarIndex(tar)).toEqual(await tarIndex(tar));
    await writeTar(tar, [...many, ["more.png", "x"]]);
    expect((await tarIndex(tar)).members.size).toBe(201);
  });

  it.each([
    ["cut within a photo", (bytes: Uint8Array) => bytes.subarray(0, 700), /cut\.tar is cut short/],
    [
      "cut between photos",
      (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1024),
      /cut\.tar is cut short, its end is missing: copy it again/,
    ],
    [
      "damaged",
      (bytes: Uint8Array) => bytes.map((byte, k) => (k > 90 && k < 150 ? 7 : byte)),
      /cut\.tar is damaged or no tar \(no header at byte 0\)/,
    ],
    ["empty", () => new Uint8Array(), /cut\.tar is empty/],
    [
      "compressed under a wrong name",
      (bytes: Uint8Array) => Uint8Array.from([0x1f, 0x8b, ...bytes]),
      /cut\.tar is compressed.*unpack it/,
    ],
  ])("is refused in one line for a tar that is %s", async (_, change, message) => {
    await mkdir(at("cut"), { recursive: true });
    const whole = await readFile(at("shards", "train-000.tar"));
    await writeFile(at("cut", "cut.tar"), change(whole));
    await expect(scanPhotoSets([at("cut")])).rejects.toThrow(message);
  });

  it("notices that a tar changed while it is read", async () => {
    const tar = at("changing.tar");
    await writeTar(tar, photos.slice(0, 2));
    await tarIndex(tar);
    await appendFile(tar, "x");
    await expect(photoFiles.read(`${tar}/${photos[0]![0]}`)).rejects.toThrow(/changed meanwhile/);
  });
});

describe("photos in tar shards", () => {
  it("are those of the folder: order, digest, records, held-out photos and pixels", async () => {
    const [folder] = await scanPhotoSets([at("photos")], { records: true });
    const [shards] = await scanPhotoSets([at("shards")], { records: true });
    expect(shards!.photos.map(fileName)).toEqual(folder!.photos.map(fileName));
    expect(shards!.digest).toBe(folder!.digest);
    expect(shards!.records).toEqual(folder!.records);
    const held = [folder!, shards!].map((set) => splitHoldOut([set.photos], "every:3:1").heldOut);
    expect(held[1]!.map(fileName)).toEqual(held[0]!.map(fileName));
    expect(await photoFiles.read(shards!.photos[5]!)).toEqual(
      await photoFiles.read(folder!.photos[5]!),
    );
  });

  it("are one set by folder, pattern, range, and as a shell expands these", async () => {
    const [whole] = await scanPhotoSets([at("shards")]);
    for (const names of [
      [at("shards", "train-{000..001}.tar")],
      [at("shards", "train-*.tar")],
      [at("shards", "train-001.tar"), at("shards", "train-000.tar")],
    ]) {
      const sets = await scanPhotoSets(names);
      expect(sets.map(({ photos, digest }) => ({ photos, digest }))).toEqual([
        { photos: whole!.photos, digest: whole!.digest },
      ]);
      expect(sets[0]!.name).toBe("train-{000..001}.tar");
    }
    // Another series is another set.
    await cp(at("shards", "train-000.tar"), at("shards", "extra-000.tar"));
    const sets = await scanPhotoSets([at("shards", "{train,extra}-*.tar")]);
    expect(sets.map(({ photos }) => photos.length).sort()).toEqual([4, 9]);
    // Each tar counts once.
    expect(await scanPhotoSets([at("shards"), at("shards", "train-000.tar")])).toHaveLength(2);
    await rm(at("shards", "extra-000.tar"));
  });

  it("count what is no photo, and leave hidden files alone", async () => {
    const samples = photos.slice(0, 3).flatMap(([, bytes], k): [string, Uint8Array | string][] => [
      [`${k}.cls`, "7"],
      [`${k}.png`, bytes],
      [`._${k}.png`, "a Mac's"],
      [`${k}.heic`, "x"],
    ]);
    await writeTar(at("keyed", "a.tar"), samples);
    const [set] = await scanPhotoSets([at("keyed")]);
    expect(set!.photos.map(fileName)).toEqual(["0.png", "1.png", "2.png"]);
    expect(leftOutNotes(set!.leftOut!)).toEqual([
      `left out of the photos: ${at("keyed", "a.tar")}/0.cls and 2 more like it, which is no photo`,
      `left out of the photos: ${at("keyed", "a.tar")}/0.heic and 2 more like it, which is a picture of a format that cannot be read: convert it to PNG or JPEG first`,
    ]);
  });

  it("are not taken from tars beside photos or below, as these may be copies", async () => {
    await cp(at("photos"), at("mixed"), { recursive: true });
    await cp(at("shards"), at("mixed", "backup"), { recursive: true });
    await cp(at("shards", "train-000.tar"), at("mixed", "copy.tar"));
    const [set] = await scanPhotoSets([at("mixed")]);
    expect(set!.photos).toHaveLength(9);
    expect(leftOutNotes(set!.leftOut!)).toEqual([expect.stringMatching(/copy\.tar and 2 more/)]);
  });

  it.each([
    [["none-{0..3}.tar"], /none-0\.tar does not exist/],
    [["none-*.tar"], /No tar file matches .*none-\*\.tar/],
    [["x-{9..1}.tar"], /Cannot read the range \{9\.\.1\}/],
    [["packed.tar.gz"], /packed\.tar\.gz is compressed/],
    [["labels.tar"], /labels\.tar holds no photos .*which is no photo/],
  ])("are asked for in vain by %j", async (names, message) => {
    await writeFile(at("packed.tar.gz"), "x");
    await writeTar(at("labels.tar"), [["a.cls", "1"]]);
    await expect(scanPhotoSets(names.map((name) => at(name)))).rejects.toThrow(message);
    await expect(scanPhotoSets(["https://x.org/a.tar"])).rejects.toThrow(/is an address/);
  });
});
