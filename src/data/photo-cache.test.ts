import { expect, it, vi } from "vitest";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { createImage } from "../image/image.ts";
import { photoFiles } from "../node/codec.ts";
import { encodeImage } from "../node/encode-image.ts";
import { ReadError } from "../util/errors.ts";
import { PhotoCache } from "./photo-cache.ts";

const shortage = vi.hoisted(() => ({ now: false }));

vi.mock("../node/sharp.ts", async (original) => {
  const all = await original<typeof import("../node/sharp.ts")>();
  const toRaw: typeof all.toRaw = (pipeline) =>
    shortage.now
      ? Promise.reject(new Error("vips_tracked: out of memory --- size == 48MB"))
      : all.toRaw(pipeline);
  return { ...all, toRaw };
});

const { written } = temporaryFiles(".jpg");

it("a photo that memory did not suffice for does not count as broken", async () => {
  const path = await written(await encodeImage(createImage(20, 10), "jpeg"));
  const cache = new PhotoCache({ reader: photoFiles, shortSide: 10 });
  shortage.now = true;
  await expect(cache.get(path)).rejects.toThrow(/for want of memory/);
  await expect(cache.get(path)).rejects.toBeInstanceOf(ReadError);
  shortage.now = false;
  expect((await cache.get(path))!.width).toBe(20);
  expect(cache.skipped.size).toBe(0);
});
