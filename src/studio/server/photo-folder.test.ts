import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { beforeEach, expect, it } from "vitest";
import { pictureFile, savedModel, withStudio } from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { sharp } from "../../node/sharp.ts";
import type { Job, StudioClient } from "../client/index.ts";
import { PhotoFolder } from "./photo-folder.ts";

const { at } = temporaryFiles("");
let photo: Buffer;

beforeEach(async () => {
  photo = await pictureFile();
  await rm(at("photos"), { recursive: true, force: true });
  await mkdir(at("photos/tree/.hidden"), { recursive: true });
  await mkdir(at("outside"), { recursive: true });
  await writeFile(at("outside/private.png"), photo);
  await writeFile(at("photos/b.png"), photo);
  await writeFile(at("photos/tree/a.JPG"), photo);
  await writeFile(at("photos/tree/.hidden/x.png"), photo);
  await writeFile(at("photos/.y.png"), photo);
  await writeFile(at("photos/notes.txt"), "no photo");
  await writeFile(at("photos/fake.png"), "no picture");
  await symlink(at("outside/private.png"), at("photos/link.png"));
  await symlink(at("outside"), at("photos/linked"));
});

const withFolder = async (work: (client: StudioClient) => Promise<void>) => {
  const models = [await savedModel(at("model"))];
  await withStudio({ models, folder: at("photos") }, ({ client }) => work(client()));
};

it("lists photos, and neither links nor what is hidden", async () => {
  await withFolder(async (client) => {
    const { name, photos } = await client.folder();
    expect(name).toBe("photos");
    expect(photos.map((entry) => [entry.name, entry.bytes])).toEqual([
      ["b.png", photo.length],
      ["fake.png", 10],
      ["tree/a.JPG", photo.length],
    ]);
    const [b, fake] = photos;
    const file = await client.folderPhoto(b!.id);
    // By its bytes, not by its name.
    expect([file.type, file.size]).toEqual(["image/png", photo.length]);
    await expect(client.folderPhoto(fake!.id)).rejects.toThrow(/fake.png is not a picture/);
    for (const id of [
      "../outside/private.png",
      "link.png",
      "b.png",
      "..",
      "%2e%2e",
      "x".repeat(2000),
    ])
      await expect(client.folderPhoto(id), id).rejects.toThrow();
  });
});

it("follows no link that takes the place of a photo, or of its folder", async () => {
  const folder = await PhotoFolder.open(at("photos"));
  const { photos } = await folder.list();
  const [b, , a] = photos.map(({ id }) => id);
  await rm(at("photos/b.png"));
  await symlink(at("outside/private.png"), at("photos/b.png"));
  await rename(at("photos/tree"), at("photos/away"));
  await symlink(at("outside"), at("photos/tree"));
  await writeFile(at("outside/a.JPG"), photo);
  for (const id of [b!, a!]) await expect(folder.read(id, 1e6)).rejects.toThrow(/cannot be read/);
  await expect(folder.save(a!, "colorize", "png", photo)).rejects.toThrow(/no such photo/);
});

it("saves answers beside the photo, under new names", async () => {
  await withFolder(async (client) => {
    const { photos } = await client.folder();
    const { id: beside } = photos.find(({ name }) => name === "tree/a.JPG")!;
    const image = await client.folderPhoto(beside);
    const options = { samples: 2 };
    const job = (await client.restore({ task: "colorize", image, options })) as Job;
    await writeFile(at("photos/tree/a-colorize.jpg"), "mine");
    const save = (index: number, format: "png" | "jpeg") =>
      client.saveToFolder({ job: job.id, index, beside, format });
    expect(await save(0, "jpeg")).toBe("tree/a-colorize-2.jpg");
    expect(await save(1, "png")).toBe("tree/a-colorize.png");
    expect(await save(1, "png")).toBe("tree/a-colorize-2.png");
    expect(await readFile(at("photos/tree/a-colorize.jpg"), "utf8")).toBe("mine");
    expect((await sharp(at("photos/tree/a-colorize-2.jpg")).metadata()).format).toBe("jpeg");
    await expect(save(2, "png")).rejects.toThrow(/numbered from 0 to 1/);
    const elsewhere = client.saveToFolder({ job: job.id, index: 0, beside: "../outside" });
    await expect(elsewhere).rejects.toThrow(/no such photo/);
  });
});

it("is there only where one was given", async () => {
  const models = [await savedModel(at("model"))];
  await withStudio({ models }, async ({ client }) => {
    await expect(client().folder()).rejects.toThrow(/shows no folder/);
  });
  await expect(PhotoFolder.open(at("missing"))).rejects.toThrow(/name another folder/);
  await expect(PhotoFolder.open(at("outside/private.png"))).rejects.toThrow(/name another folder/);
});
