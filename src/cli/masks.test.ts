import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { createImage, fromBytes, toBytes } from "../image/image.ts";
import { readImage } from "../node/decode-image.ts";
import { writeImage } from "../node/encode-image.ts";
import { saveModel } from "../node/model-folder.ts";
import { Random } from "../util/random.ts";

const side = 32;
const pixels = side * side;
let root: string;
const at = (...names: string[]) => join(root, ...names);

/** A picture file whose pixels are RGBA of `colour` where `inside` says so, else of `ground`. */
async function painted(
  name: string,
  inside: (x: number, y: number) => boolean,
  colour: readonly number[],
  ground: readonly number[],
  [width, height] = [side, side],
): Promise<string> {
  const rgba = Array.from({ length: width * height }, (_, i) =>
    inside(i % width, Math.floor(i / width)) ? colour : ground,
  );
  const raw = { width, height, channels: 4 } as const;
  await sharp(Uint8Array.from(rgba.flat()), { raw }).png().toFile(at(name));
  return at(name);
}

const left = (x: number) => x < 8;
const [white, black, red, clear] = [
  [255, 255, 255, 255],
  [0, 0, 0, 255],
  [255, 0, 0, 255],
  [0, 0, 0, 0],
];

/** Inpaints, and tells which columns of the first row changed; `lines` as printed. */
async function inpaint(...argv: string[]) {
  const model = ["--model", at("model"), "--steps", "1", "--overwrite"];
  return palette("inpaint", ...argv, ...model);
}

async function changedColumns(photo: string, output: string): Promise<number[]> {
  const [before, after] = [toBytes(await readImage(photo)), toBytes(await readImage(output))];
  const changed = new Set<number>();
  before.forEach((value, i) => {
    if (value !== after[i]) changed.add(Math.floor(i / 3) % side);
  });
  return [...changed].sort((a, b) => a - b);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-masks-"));
  await saveModel(at("model"), randomModel({}, smallestNetwork), { dtype: "F16" });
  const random = Random.from("masks.test");
  const noise = Uint8Array.from({ length: 3 * pixels }, () => random.integer(0, 255));
  await writeImage(at("photo.png"), fromBytes(noise, side, side));
});
afterAll(() => rm(root, { recursive: true }));

describe("--mask", () => {
  it.each([
    ["white on black", white, black, []],
    ["black strokes on transparency", black, clear, []],
    ["red strokes on white, as dark", red, white, ["--mask-from", "dark"]],
    ["a black hole in white, inverted", black, white, ["--invert"]],
  ])("fills %s, and says the share", async (_, colour, ground, options) => {
    const mask = await painted("mask.png", left, colour, ground);
    const made = await inpaint(at("photo.png"), "--mask", mask, ...options, "-o", at("one.png"));
    expect(made.stderr).toContain(`${mask} fills 25.0 % of ${at("photo.png")}.\n`);
    expect(await changedColumns(at("photo.png"), at("one.png"))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("says how to fill the rest where most would be filled", async () => {
    const mask = await painted("red.png", left, red, white);
    const { stderr } = await inpaint(at("photo.png"), "--mask", mask, "-o", at("most.png"));
    expect(stderr).toContain("fills 75.0 %");
    expect(stderr).toMatch(/if it should be the rest: --invert/);
  });

  it("that fills nothing is refused in a line that names the options", async () => {
    await writeImage(at("black.png"), createImage(side, side, -1));
    const argv = [at("photo.png"), "--mask", at("black.png"), "-o", at("x.png")];
    const { code, stderr, stdout } = await inpaint(...argv);
    expect(stderr).toMatch(/^palette: .*black\.png would fill nothing of .*photo\.png: .*\n$/);
    for (const option of ["--mask-from dark", "--mask-from alpha", "--invert"])
      expect(stderr).toContain(option);
    expect([code, stdout]).toEqual([1, ""]);
  });

  it("alpha fills what is transparent in the photo", async () => {
    const photo = await painted("holed.png", left, [9, 9, 9, 0], [50, 90, 120, 255]);
    const { stderr } = await inpaint(photo, "--mask", "alpha", "-o", at("whole.png"));
    expect(stderr).toContain(`Its transparency fills 25.0 % of ${photo}.`);
    expect((await sharp(at("whole.png")).stats()).isOpaque).toBe(true);
    const { code, stderr: complaint } = await inpaint(at("photo.png"), "--mask", "alpha");
    expect([code, complaint]).toEqual([
      1,
      `palette: ${at("photo.png")} has no transparency, so --mask alpha fills nothing.\n`,
    ]);
  });

  it("several are joined", async () => {
    const one = await painted("one-mask.png", left, white, black);
    const two = await painted("two-mask.png", (x) => x >= 28, white, black);
    const masks = ["--mask", one, "--mask", two];
    const { stderr } = await inpaint(...masks, at("photo.png"), "-o", at("joined.png"));
    expect(stderr).toContain(`${one} and ${two} fill 37.5 % of`);
    const changed = await changedColumns(at("photo.png"), at("joined.png"));
    expect(changed).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 28, 29, 30, 31]);
  });

  it("a folder gives each photo the mask of its name", async () => {
    await mkdir(at("photos"));
    await mkdir(at("masks"));
    for (const name of ["a", "b", "ab"])
      await sharp(at("photo.png")).toFile(at("photos", `${name}.png`));
    await painted("masks/a.png", left, white, black);
    await painted("masks/b_mask.png", (x) => x >= 28, white, black);
    const folder = ["--mask", at("masks"), "-o", at("each")];
    const { code, stderr } = await inpaint(at("photos"), ...folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ab\.png has no mask in .*masks; a mask has the photo's name/);
    expect(stderr).toMatch(/1 of 3 photos could not be restored/);
    const changed = (name: string) =>
      changedColumns(at("photo.png"), at("each", `${name}-inpaint-1.png`));
    expect(await changed("a")).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await changed("b")).toEqual([28, 29, 30, 31]);
  });

  it("painted on a photo that EXIF turns is turned with it", async () => {
    const stored = await painted("stored.png", () => true, [90, 120, 60, 255], black, [48, 32]);
    await sharp(stored).removeAlpha().withMetadata({ orientation: 6 }).toFile(at("turned.jpg"));
    const mask = await painted("stored-mask.png", left, white, black, [48, 32]);
    const argv = ["--mask", mask, "-o", at("upright.png")];
    const { code, stderr } = await inpaint(at("turned.jpg"), ...argv);
    expect(code).toBe(0);
    expect(stderr).toContain(`${mask} was turned as ${at("turned.jpg")} was.`);
    expect(stderr).toContain("fills 16.7 %");
    await writeFile(at("tall.png"), await sharp(stored).rotate(90).png().toBuffer());
    const refused = await inpaint(at("tall.png"), "--mask", mask);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      `palette: The mask ${mask} is 48x32, but the photo is 32x48; turn the mask as the photo stands.\n`,
    ]);
  });
});
