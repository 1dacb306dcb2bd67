/** Which photos a command takes, and where, as what and over what it writes their answers. */
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { crop, fromBytes, type Image, toBytes } from "../image/image.ts";
import { readImage, readPhoto } from "../node/decode-image.ts";
import { encodeImage, writeImage } from "../node/encode-image.ts";
import { saveModel } from "../node/model-folder.ts";
import { Random } from "../util/random.ts";
import { answersAmong, expandInputs } from "./inputs.ts";
import { nameOutputs } from "./outputs.ts";

const side = 32;
let root: string;
let model: string;
const at = (...names: string[]) => join(root, ...names);

function noise(width: number, height: number): Image {
  const random = Random.from("outputs.test", width, height);
  const bytes = Uint8Array.from({ length: 3 * width * height }, () => random.integer(0, 255));
  return fromBytes(bytes, width, height);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-outputs-"));
  model = at("models", "tiny");
  await saveModel(model, randomModel({}, smallestNetwork), { dtype: "F16" });
  await writeImage(at("photo.png"), noise(side, side));
  for (const path of [
    ["a", "x.jpg"],
    ["a", "b", "x.jpg"],
    ["c", "x.jpg"],
  ]) {
    await writeImage(at("tree", ...path), noise(8, 8), { metadata: { density: 300 } });
  }
});
afterAll(() => rm(root, { recursive: true }));

/** As `palette`, with the test's model and one step. */
const quick = (task: string, ...argv: string[]) =>
  palette(task, ...argv, "--model", model, "--steps", "1", "--threads", "1");

/** One line on stderr, nothing on stdout. */
function expectComplaint(result: Awaited<ReturnType<typeof palette>>, code: number, text: RegExp) {
  expect(result.stderr).toMatch(text);
  expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect([result.code, result.stdout]).toEqual([code, ""]);
}

describe("names of answers", () => {
  const named = async (...paths: string[]) => {
    const inputs = paths.map((path) => ({ path, folder: "" }));
    const { files } = await nameOutputs(inputs, { out: "o", task: "dejpeg", samples: 1 });
    return files.flat();
  };

  it("keep the folders below the one that was given", async () => {
    const { inputs } = await expandInputs([at("tree")], at("o"));
    const { files } = await nameOutputs(inputs, { out: "o", task: "colorize", samples: 2 });
    const names = ["a/b/x", "a/x", "c/x"].flatMap((name) =>
      [1, 2].map((k) => join("o", `${name}-colorize-${k}.png`)),
    );
    expect(files.flat().sort()).toEqual(names);
  });

  it("are never another photo's when a photo is added", async () => {
    expect(await named("x.jpg")).toEqual([join("o", "x-dejpeg-1.png")]);
    expect(await named("w.jpg", "x.jpg")).toContain(join("o", "x-dejpeg-1.png"));
    // x-dejpeg-1.png would be the answer of either.
    expect(await named("x.jpg", "x.png")).toEqual([
      join("o", "x.jpg-dejpeg-1.png"),
      join("o", "x.png-dejpeg-1.png"),
    ]);
    await expect(named("p/x.jpg", "q/X.JPG")).rejects.toThrow(
      /^p\/x\.jpg and q\/X\.JPG would have answers of the same name/,
    );
    await expect(named("x.jpg", "x.png", "x.jpg.webp")).rejects.toThrow(/^x\.jpg and x\.jpg\.webp/);
  });

  it("stand for the same pixels, whatever other photos there are", async () => {
    const filled = async (out: string, ...photos: string[]) => {
      await quick("inpaint", ...photos, "--mask", "random", "-o", at(out));
      return readFile(at(out, "x-inpaint-1.png"), "base64");
    };
    const alone = await filled("alone", at("tree", "c"));
    expect(await filled("second", at("photo.png"), at("tree", "c"))).toBe(alone);
  });

  it("have the format that is asked for", async () => {
    const result = await quick("dejpeg", at("tree", "c"), "-o", at("f"), "--format", "avif");
    expect(result.lines).toEqual([at("f", "x-dejpeg-1.avif")]);
    expect((await sharp(result.lines[0]).metadata()).format).toBe("heif");
    const low = ["--format", "jpg", "--quality", "5", "-o", at("q.jpg")];
    await quick("colorize", at("photo.png"), ...low);
    expect((await readPhoto(at("q.jpg"))).jpeg?.quality).toBe(5);
  });

  it("are refused before any work where the options do not go together", async () => {
    const refused: [string[], number, RegExp][] = [
      [["-o", at("y.jpg"), "--format", "png"], 2, /is jpeg, but --format says png/],
      [["-o", at("y"), "--quality", "80"], 2, /PNG keeps every pixel.*add --format jpg/],
      [["-o", at("y.png"), "--quality", "80"], 2, /PNG keeps every pixel/],
      [["-o", at("y.bmp")], 1, /y\.bmp: name it \.png, \.jpg, \.webp or \.avif/],
      [["-o", at("y.HEIC")], 1, /y\.HEIC: name it/],
      [["-o", at(`${"y".repeat(252)}.png`)], 1, /too long for a file's name/],
      [["-o", "-", "--samples", "2"], 2, /Standard output is one file for 2 answers/],
      [["-o", "-", "--json"], 2, /no place for what --json prints/],
    ];
    for (const [argv, code, text] of refused) {
      expectComplaint(await quick("colorize", at("photo.png"), ...argv), code, text);
    }
    expect(await readdir(root)).not.toContain("y.bmp");
  });

  it("may be as long as a file's name can be", async () => {
    const name = "n".repeat(236);
    await writeImage(at(`${name}.png`), noise(8, 8));
    const { lines } = await quick("colorize", at(`${name}.png`), "-o", at("long"));
    expect(await readdir(at("long"))).toEqual([`${name}-colorize-1.png`]);
    expect(lines).toEqual([at("long", `${name}-colorize-1.png`)]);
  });
});

describe("inputs", () => {
  it("are what a pattern matches that no shell expanded", async () => {
    const paths = async (name: string) =>
      (await expandInputs([name], at("o"))).inputs.map(({ path }) => path);
    expect(await paths(at("tree", "*", "x.jpg"))).toEqual([
      at("tree", "a", "x.jpg"),
      at("tree", "c", "x.jpg"),
    ]);
    expect(await paths(at("tree", "*", "*.png"))).toEqual([at("tree", "*", "*.png")]);
    await writeImage(at("odd[1].png"), noise(4, 4));
    expect(await paths(at("odd[1].png"))).toEqual([at("odd[1].png")]);
    expect(await paths(pathToFileURL(at("photo.png")).href)).toEqual([at("photo.png")]);
  });

  it("are each restored once, however often they are named", async () => {
    const { inputs } = await expandInputs(
      [at("photo.png"), at("photo.png"), at("tree"), at("tree", "c")],
      "o",
    );
    expect(inputs.map(({ path }) => path)).toHaveLength(4);
  });

  it.each([
    ["https://example.org/a.jpg", /is an address.*download the picture first/],
    ["*.nothing", /\*\.nothing does not exist/],
  ])("that are %s: one line says what to do", async (name, text) => {
    expectComplaint(await quick("colorize", name, "-o", at("o")), 1, text);
  });

  it("are not the answers to photos among them", () => {
    const photos = ["p/x.jpg", "p/Y.PNG", "q/z-inpaint-1.png"];
    const answers = [
      "p/x-colorize-1.png",
      "o/x-colorize-12.webp",
      "p/y-upscale-1.png",
      "x.jpg-dejpeg-1.png",
    ];
    const isAnswer = answersAmong([...photos, ...answers, "x-colorize-1-upscale-1.png"]);
    expect([...photos, "x-colorize.png", "x-blur-1.png"].filter(isAnswer)).toEqual([]);
    expect(answers.filter((path) => !isAnswer(path))).toEqual([]);
    expect(isAnswer("x-colorize-1-upscale-1.png")).toBe(true);
  });

  it("may be standard input, and the answer standard output", async () => {
    const stdin = vi.spyOn(process, "stdin", "get");
    const bytes = await readFile(at("photo.png"));
    stdin.mockReturnValue(Readable.from([bytes]) as never);
    const written: Uint8Array[] = [];
    const log = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const stdout = vi.spyOn(process.stdout, "write").mockImplementation(((
      text: Uint8Array,
      done: () => void,
    ) => {
      written.push(text);
      done();
      return true;
    }) as never);
    const { run } = await import("./run.ts");
    const flags = ["--model", model, "--steps", "1", "--side", "right"];
    const code = await run(["uncrop", "-", "-o", "-", ...flags]);
    for (const spy of [stdin, log, stdout]) spy.mockRestore();
    expect(code).toBe(0);
    expect(written).toHaveLength(1);
    const grown = await readImage(written[0]!);
    const known = crop(grown, { left: 0, top: 0, width: side, height: side });
    expect(toBytes(known)).toEqual(toBytes(noise(side, side)));
  });
});

describe("answers that are there", () => {
  const repeat = (...argv: string[]) => quick("colorize", at("photo.png"), ...argv);

  it("are replaced by the same command only, and by others with --overwrite", async () => {
    const out = ["-o", at("again")];
    const [file] = (await repeat(...out)).lines;
    const first = await readFile(file!);
    expect(await repeat(...out)).toMatchObject({ code: 0, lines: [file], stderr: "" });
    expect((await readFile(file!)).equals(first)).toBe(true);
    // One more sample is the same first one.
    expect((await repeat(...out, "--samples", "2")).lines).toHaveLength(2);
    const complaint = /again.photo-colorize-1\.png is there, of another photo.*--overwrite/;
    expectComplaint(await repeat(...out, "--seed", "1"), 1, complaint);
    const other = at("tree", "photo.png");
    await writeImage(other, noise(9, 9));
    expectComplaint(await quick("colorize", other, ...out), 1, complaint);
    await rm(other);
    expect((await readFile(file!)).equals(first)).toBe(true);
    expect((await repeat(...out, "--seed", "1", "--overwrite")).code).toBe(0);
    expect((await readFile(file!)).equals(first)).toBe(false);
    // What does not say how it was made is never replaced by itself.
    await writeImage(at("mine.png"), noise(4, 4));
    expectComplaint(await repeat("-o", at("mine.png")), 1, /mine\.png is there.*--skip-existing/);
  });

  it("stay with --skip-existing, which goes on where a batch stopped", async () => {
    const out = [at("tree"), "-o", at("batch"), "--skip-existing"];
    const first = await quick("dejpeg", at("tree", "a"), "-o", at("batch", "a"));
    const old = new Date("2001-02-03");
    for (const path of first.lines) await utimes(path, old, old);
    const rest = await quick("dejpeg", ...out);
    expect(rest.lines).toEqual([at("batch", "c", "x-dejpeg-1.png")]);
    await writeFile(at("batch", "c", "x-dejpeg-1.png"), "a person's own");
    const all = await quick("dejpeg", ...out, "--json");
    expect(JSON.parse(all.stdout).skipped).toHaveLength(3);
    expect(all.stderr).toMatch(/^1 of the answers that are kept/m);
    expect(await readFile(at("batch", "c", "x-dejpeg-1.png"), "utf8")).toBe("a person's own");
  });

  it("beside the photos are no photos, so that the same command works again", async () => {
    await mkdir(at("mixed"));
    await writeImage(at("mixed", "x.png"), noise(8, 8));
    const run = () => quick("dejpeg", at("mixed"), "-o", at("mixed"));
    expect((await run()).lines).toEqual([at("mixed", "x-dejpeg-1.png")]);
    const second = await run();
    expect(second.lines).toEqual([at("mixed", "x-dejpeg-1.png")]);
    expect(second.stderr).toMatch(/^1 picture was left out as answers.*x-dejpeg-1\.png\.\n/);
    expect(await readdir(at("mixed"))).toEqual(["x-dejpeg-1.png", "x.png"]);
  });
});

describe("what an answer keeps of its photo", () => {
  it("is resolution and date, unless --strip", async () => {
    const IFD2 = { DateTimeOriginal: "2001:02:03 04:05:06" };
    const turned = sharp(await encodeImage(noise(12, 8), "jpeg"))
      .withExif({ IFD2 })
      .withMetadata({ orientation: 6, density: 240 });
    await writeFile(at("dated.jpg"), await turned.jpeg().toBuffer());
    await quick("colorize", at("dated.jpg"), "-o", at("dated.png"));
    const { image, metadata, notes } = await readPhoto(at("dated.png"));
    expect([image.width, image.height, notes]).toEqual([8, 12, []]);
    expect(metadata).toEqual({ density: 240, dates: IFD2 });
    await quick("colorize", at("dated.jpg"), "-o", at("bare.png"), "--strip");
    const bare = await sharp(at("bare.png")).metadata();
    expect([bare.exif, bare.xmp, bare.density]).toEqual([undefined, undefined, undefined]);
  });

  it("is not its pixels in a lossy format, which is said once", async () => {
    const photos = [at("tree", "a"), "-o", at("lossy"), "--format", "webp"];
    const { stderr } = await quick("uncrop", ...photos);
    expect(stderr.match(/WEBP codes known pixels anew; PNG/g)).toHaveLength(1);
    const png = await quick("uncrop", at("photo.png"), "-o", at("exact.png"));
    expect(png.stderr).toBe("");
  });
});

it("names the models in a folder that is none itself", async () => {
  const result = await palette("colorize", at("photo.png"), "--model", at("models"));
  expectComplaint(result, 1, /holds a model, tiny: name one, as .*models.tiny\.$/m);
});

it("uncrops at two sides, and to a target", async () => {
  const sizeOf = async (name: string, ...argv: string[]) => {
    await quick("uncrop", at("photo.png"), ...argv, "-o", at(name));
    const { width, height } = await readImage(at(name));
    return [width, height];
  };
  expect(await sizeOf("two.png", "--side", "left", "--side", "right")).toEqual([48, 32]);
  expect(await sizeOf("wide.png", "--to", "16:9")).toEqual([57, 32]);
  expect(await sizeOf("size.png", "--to", "40x36")).toEqual([40, 36]);
});
