import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { program as main } from "../../test/support/compiled.ts";
import { samplerConfigSchema } from "../diffusion/samplers/sampler-config.ts";
import { createImage, crop, fromBytes, type Image, toBytes } from "../image/image.ts";
import { readImage, readPhoto } from "../node/decode-image.ts";
import { encodeImage, writeImage } from "../node/encode-image.ts";
import { saveModel } from "../node/model-folder.ts";
import { Random } from "../util/random.ts";

const side = 32;
let root: string;
let model: string;
const at = (...names: string[]) => join(root, ...names);

function noise(width: number, height: number): Image {
  const random = Random.from("run.test", width, height);
  return fromBytes(
    Uint8Array.from({ length: 3 * width * height }, () => random.integer(0, 255)),
    width,
    height,
  );
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-cli-"));
  model = at("model");
  const training = { images: 12_345, data: "noise" };
  await saveModel(model, randomModel({ training }, smallestNetwork), { dtype: "F16" });
  await writeImage(at("photo.png"), noise(side, side));
  const mask = createImage(side, side, -1);
  for (const plane of [0, 1, 2]) mask.data.fill(1, plane * 1024 + 300, plane * 1024 + 600);
  await writeImage(at("mask.png"), mask);
});
afterAll(() => rm(root, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** As `palette`, with the test's model and few steps. */
const quick = (task: string, ...argv: string[]) =>
  palette(task, ...argv, "--model", model, "--steps", "2");

/** One line on stderr, nothing on stdout. */
function expectComplaint(result: Awaited<ReturnType<typeof palette>>, code: number, text: RegExp) {
  expect(result.stderr).toMatch(text);
  expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect([result.code, result.stdout]).toEqual([code, ""]);
}

describe("restoring", () => {
  it("names the answers after the photo, the task and their number", async () => {
    const { code, lines, stderr } = await quick(
      "colorize",
      at("photo.png"),
      "-o",
      at("a"),
      "--samples",
      "2",
    );
    expect(lines).toEqual([at("a", "photo-colorize-1.png"), at("a", "photo-colorize-2.png")]);
    expect([code, stderr]).toEqual([0, ""]);
    const [one, two] = await Promise.all(lines.map((path) => readFile(path)));
    expect(one!.equals(two!)).toBe(false);
  });

  it("gives answer k whatever else is asked for, and repeats with the seed", async () => {
    const files = async (folder: string, ...argv: string[]) => {
      const { lines } = await quick("dejpeg", at("photo.png"), "-o", at(folder), ...argv);
      return Promise.all(lines.map((path) => readFile(path, "base64")));
    };
    const three = await files("k3", "--samples", "3", "--seed", "7");
    expect(await files("k1", "--seed", "7")).toEqual([three[0]]);
    expect(await files("k3", "--samples", "3", "--seed", "7")).toEqual(three);
    expect(await files("k8", "--seed", "8")).not.toEqual([three[0]]);
  });

  it("writes the known pixels of inpainting and uncropping to the byte", async () => {
    const photo = toBytes(await readImage(at("photo.png")));
    await quick("inpaint", at("photo.png"), "--mask", at("mask.png"), "-o", at("hole.png"));
    const filled = toBytes(await readImage(at("hole.png")));
    const hole = [...photo.keys()].filter((i) => i >= 900 && i < 1800);
    expect(hole.filter((i) => filled[i] !== photo[i]).length).toBeGreaterThan(800);
    for (const i of hole) filled[i] = photo[i]!;
    expect(Buffer.from(filled).equals(Buffer.from(photo))).toBe(true);

    const right = ["--side", "right", "--ratio", "0.5"];
    await quick("uncrop", at("photo.png"), ...right, "-o", at("right.png"));
    const grown = await readImage(at("right.png"));
    expect([grown.width, grown.height]).toEqual([48, side]);
    const known = crop(grown, { left: 0, top: 0, width: side, height: side });
    expect(Buffer.from(toBytes(known)).equals(Buffer.from(photo))).toBe(true);
  });

  it("enlarges a photo, and its transparency with it", async () => {
    const { lines } = await quick("upscale", at("photo.png"), "-o", at("large"));
    expect(lines).toEqual([at("large", "photo-upscale-1.png")]);
    const large = await readImage(lines[0]!);
    expect([large.width, large.height]).toEqual([2 * side, 2 * side]);
    const rgba = Buffer.alloc(4 * side * side, 100);
    const raw = { width: side, height: side, channels: 4 } as const;
    await sharp(rgba, { raw }).png().toFile(at("veil.png"));
    await quick("upscale", at("veil.png"), "--scale", "1.5", "-o", at("veil-large.png"));
    const { alpha, image } = await readPhoto(at("veil-large.png"));
    expect([image.width, image.height]).toEqual([48, 48]);
    expect([...new Set(alpha)]).toEqual([100]);
  });

  it("keeps transparency, also where the photo grows", async () => {
    const rgba = Buffer.alloc(4 * side * side, 100);
    const raw = { width: side, height: side, channels: 4 } as const;
    await sharp(rgba, { raw }).png().toFile(at("clear.png"));
    await quick("colorize", at("clear.png"), "-o", at("clear-colour.png"));
    const kept = await readPhoto(at("clear-colour.png"));
    expect([...new Set(kept.alpha)]).toEqual([100]);
    await quick("uncrop", at("clear.png"), "--side", "left", "-o", at("clear-left.png"));
    const { alpha, image } = await readPhoto(at("clear-left.png"));
    expect([...alpha!.subarray(0, image.width)]).toEqual([
      ...new Array(16).fill(255),
      ...new Array(32).fill(100),
    ]);
  });

  it("makes opaque what it fills in a transparent photo, and white what a panorama begins with", async () => {
    const rgba = Buffer.alloc(4 * side * side, 100);
    const raw = { width: side, height: side, channels: 4 } as const;
    await sharp(rgba, { raw }).png().toFile(at("glass.png"));
    await quick("inpaint", at("glass.png"), "--mask", at("mask.png"), "-o", at("glass-1.png"));
    const { alpha } = await readPhoto(at("glass-1.png"));
    expect([...alpha!]).toEqual(
      Array.from({ length: side * side }, (_, i) => (i >= 300 && i < 600 ? 255 : 100)),
    );
    const wide = ["--left", "0", "--right", "1", "-o", at("glass-wide.png")];
    const { stderr } = await quick("panorama", at("glass.png"), ...wide);
    expect(stderr).toMatch(/glass\.png: what is transparent in it was made white/);
    const photo = crop(await readImage(at("glass-wide.png")), {
      left: 0,
      top: 0,
      width: side,
      height: side,
    });
    // 100 of 255 parts of gray 100 over white.
    expect([...new Set(toBytes(photo))]).toEqual([194]);
  });

  it("sharpens what it fills by a model that can, unless that is declined", async () => {
    const tasks = ["inpaint", "uncrop", "sharpen"];
    await saveModel(at("able"), randomModel({ tasks }, smallestNetwork), { dtype: "F16" });
    await writeImage(at("large.png"), noise(96, 64));
    const hole = createImage(96, 64, -1);
    const inside = (i: number) => {
      const [x, y] = [i % 96, Math.floor(i / 96) % 64];
      return x >= 8 && x < 88 && y >= 4 && y < 60;
    };
    hole.data.forEach((_, i) => {
      if (inside(i)) hole.data[i] = 1;
    });
    await writeImage(at("hole.png"), hole);
    const mask = ["--mask", at("hole.png")];
    const answer = async (task: string, ...argv: string[]) => {
      const own = ["--model", at("able"), "--steps", "1", "--overwrite", "-o", at("answer.png")];
      const { code } = await palette(task, at("large.png"), ...own, ...argv);
      expect(code).toBe(0);
      return readImage(at("answer.png"));
    };
    const sharp = await answer("inpaint", ...mask);
    const soft = await answer("inpaint", ...mask, "--no-sharpen");
    const changed = [...sharp.data.keys()].filter((i) => sharp.data[i] !== soft.data[i]);
    expect(changed.length).toBeGreaterThan(0.9 * 3 * 80 * 56);
    expect(changed.every(inside)).toBe(true);
    const wide = ["--left", "0", "--right", "1"];
    expect((await answer("panorama", ...wide)).height).toBe(64);
    expect((await answer("panorama", ...wide, "--no-sharpen")).height).toBe(side);
  });

  it("says how strongly a JPEG was compressed", async () => {
    await writeFile(at("q9.jpg"), await sharp(at("photo.png")).jpeg({ quality: 9 }).toBuffer());
    const { stderr } = await quick("dejpeg", at("q9.jpg"), "-o", at("q9.png"));
    expect(stderr).toMatch(/q9\.jpg was saved at JPEG quality 9\./);
    const other = await quick("dejpeg", at("photo.png"), "-o", at("no.png"));
    expect(other.stderr).toMatch(/photo\.png is no JPEG file/);
  });

  it("leaves a JPEG as it is, in a line, where the model makes it worse, unless it is forced", async () => {
    const knowing = at("knowing");
    const sampling = { steps: { dejpeg: 2 }, jpegShares: { 10: 1, 30: 0.4 } };
    await saveModel(knowing, randomModel({ sampling }, smallestNetwork), { dtype: "F16" });
    await writeFile(at("q80.jpg"), await sharp(at("photo.png")).jpeg({ quality: 80 }).toBuffer());
    const own = ["--model", knowing, "--json", "-o"];
    const left = await palette("dejpeg", at("q80.jpg"), ...own, at("left"));
    expect(left.stderr).toBe(
      `${at("q80.jpg")} was saved at JPEG quality 80 and is left as it is: random improves up to 30 (--force restores it all the same).\n`,
    );
    const { steps, restored } = JSON.parse(left.stdout);
    expect([steps, restored[0].unchanged]).toEqual([2, true]);
    const answer = async ({ stdout }: { readonly stdout: string }) =>
      (await readImage(JSON.parse(stdout).restored[0].outputs[0])).data;
    const jpeg = (await readImage(at("q80.jpg"))).data;
    expect(await answer(left)).toEqual(jpeg);
    const forced = await palette("dejpeg", at("q80.jpg"), ...own, at("forced"), "--force");
    expect(await answer(forced)).not.toEqual(jpeg);
  });

  it("gives the mean, the same for every seed, and not several", async () => {
    const mean = async (folder: string, seed: string) => {
      const argv = ["--model", model, "-o", at(folder), "--mean", "--seed", seed];
      const { lines } = await palette("colorize", at("photo.png"), ...argv);
      return readImage(lines[0]!);
    };
    expect(await mean("mean", "1")).toEqual(await mean("mean-2", "2"));
    const two = await palette("colorize", at("photo.png"), "--mean", "--samples", "2");
    expectComplaint(two, 2, /The mean is one answer: leave out the samples/);
  });

  it("makes a panorama", async () => {
    const { code } = await quick("panorama", at("photo.png"), "--left", "1", "-o", at("wide.png"));
    expect(code).toBe(0);
    const wide = await readImage(at("wide.png"));
    expect([wide.width, wide.height]).toEqual([side + 5 * 16, side]);
  });

  it("fills a random hole, the same for the same seed", async () => {
    const filled = async (...more: string[]) => {
      const out = ["-o", at("random.png"), "--overwrite"];
      await quick("inpaint", at("photo.png"), "--mask", "random", ...out, ...more);
      return toBytes(await readImage(at("random.png")));
    };
    const photo = toBytes(await readImage(at("photo.png")));
    const first = await filled();
    const kept = first.filter((value, i) => value === photo[i]).length / photo.length;
    expect(kept).toBeGreaterThan(0.4);
    expect(kept).toBeLessThan(0.99);
    expect(await filled()).toEqual(first);
    expect(await filled("--seed", "1")).not.toEqual(first);
  });

  it("says on stderr that a mask was brought to the photo's size", async () => {
    await writeImage(at("large.png"), noise(90, 60));
    const { code, stderr, lines } = await quick(
      "inpaint",
      at("large.png"),
      "--mask",
      at("mask.png"),
      "-o",
      at("sizes"),
    );
    expect([code, lines.length]).toEqual([0, 1]);
    expect(stderr).toMatch(/mask\.png.*90x60/);
  });

  it("does the others when one of many is broken, and fails in the end", async () => {
    await writeFile(at("broken.jpg"), "no picture");
    const { code, lines, stderr } = await quick(
      "colorize",
      at("photo.png"),
      at("broken.jpg"),
      at("gone.png"),
      at("mask.png"),
      "-o",
      at("many"),
    );
    expect(lines).toEqual([at("many", "photo-colorize-1.png"), at("many", "mask-colorize-1.png")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/broken\.jpg is not an image/);
    expect(stderr).toMatch(/gone\.png does not exist/);
    expect(stderr).toMatch(/2 of 4 photos could not be restored/);
  });

  it("takes folders of photos", async () => {
    await mkdir(at("photos"));
    await writeImage(at("photos", "b.jpg"), noise(40, 40));
    await writeImage(at("photos", "a.webp"), noise(40, 40));
    await writeFile(at("photos", "notes.txt"), "");
    const { code, lines } = await quick("dejpeg", at("photos"), "-o", at("from-folder"));
    expect(code).toBe(0);
    expect(lines).toEqual([
      at("from-folder", "a-dejpeg-1.png"),
      at("from-folder", "b-dejpeg-1.png"),
    ]);
  });

  it("does not take the answers of an earlier run for photos", async () => {
    await mkdir(at("twice"));
    await writeImage(at("twice", "c.png"), noise(40, 40));
    const run = () => quick("dejpeg", at("twice"), "-o", at("twice", "out"));
    const first = await run();
    expect(first.lines).toEqual([at("twice", "out", "c-dejpeg-1.png")]);
    expect((await run()).lines).toEqual(first.lines);
  });

  it("replaces neither a photo nor its mask", async () => {
    const before = await readFile(at("photo.png"));
    const onto = await quick("dejpeg", at("photo.png"), "-o", at("photo.png"));
    expectComplaint(onto, 1, /photo\.png is what is to be restored.*-o/);
    const hole = ["--mask", at("mask.png"), "-o", at("mask.png")];
    expectComplaint(await quick("inpaint", at("photo.png"), ...hole), 1, /mask\.png is what/);
    await link(at("photo.png"), at("photo-link.png"));
    const linked = await quick("dejpeg", at("photo.png"), "-o", at("photo-link.png"));
    expectComplaint(linked, 1, /would be replaced/);
    expect((await readFile(at("photo.png"))).equals(before)).toBe(true);
  });

  it("prints one JSON document with --json", async () => {
    const { code, stdout } = await quick(
      "uncrop",
      at("photo.png"),
      at("gone.png"),
      "-o",
      at("json"),
      "--json",
      "--seed",
      "3",
    );
    const { restored, ...rest } = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(rest).toEqual({
      task: "uncrop",
      model: { name: "random", resolution: side },
      samples: 1,
      steps: 2,
      seed: 3,
      ...{ sampler: "dpm++", spacing: "time", sigmaMin: 0 },
      side: "all",
      ratio: 0.5,
      failed: [{ input: at("gone.png"), error: expect.stringContaining("does not exist") }],
    });
    expect(restored).toEqual([
      {
        input: at("photo.png"),
        width: side,
        height: side,
        outputs: [at("json", "photo-uncrop-1.png")],
        seconds: expect.any(Number),
      },
    ]);
  });
});

describe("unusual pictures", () => {
  const whole = encodeImage(noise(64, 48), "jpeg");
  const broken: [string, () => Promise<Uint8Array>][] = [
    ["truncated", async () => (await whole).subarray(0, 900)],
    ["headless", async () => (await whole).subarray(20)],
    ["empty", async () => new Uint8Array()],
    ["text", async () => new TextEncoder().encode("<html>not found</html>")],
    ["zeros", async () => new Uint8Array(5000)],
  ];

  it.each(broken)("%s: refused by name, as photo and as mask", async (name, bytes) => {
    const file = at(`${name}.jpg`);
    await writeFile(file, await bytes());
    expectComplaint(await quick("colorize", file, "-o", at("x")), 1, new RegExp(`${name}\\.jpg`));
    const masked = await quick("inpaint", at("photo.png"), "--mask", file, "-o", at("x"));
    expectComplaint(masked, 1, new RegExp(`${name}\\.jpg`));
  });

  it.each([
    [1, 1],
    [3000, 1],
    [2000, 40],
    [1, 900],
  ])("%i x %i: restored, as photo and as mask", async (width, height) => {
    const file = at(`${width}x${height}.png`);
    await writeImage(file, createImage(width, height, 1));
    const out = ["-o", at("x.png"), "--overwrite"];
    for (const task of ["colorize", "uncrop", "dejpeg"]) {
      expect((await quick(task, file, ...out)).code).toBe(0);
    }
    const masked = await quick("inpaint", at("photo.png"), "--mask", file, ...out);
    expect(masked.code).toBe(0);
    expect((await readImage(at("x.png"))).width).toBe(side);
  });
});

describe("wrong usage", () => {
  it.each<[string, RegExp, string[]]>([
    ["no such command", /unknown command 'colourise'/, ["colourise", "a.png"]],
    ["no photo", /missing required argument/, ["colorize"]],
    ["no such option", /unknown option '--stepz'/, ["colorize", "a.png", "--stepz", "3"]],
    ["no mask", /'--mask <file>' not specified/, ["inpaint", "a.png"]],
    ["another task's option", /unknown option '--side'/, ["colorize", "a.png", "--side", "left"]],
    ["no such side", /left, right, top, bottom, all/, ["uncrop", "a.png", "--side", "up"]],
    ["no such sampler", /ddpm, ddim, dpm\+\+/, ["colorize", "a.png", "--sampler", "euler"]],
    ["no such device", /cpu, webgpu, cuda/, ["colorize", "a.png", "--device", "tpu"]],
    ["no value", /argument missing/, ["colorize", "a.png", "--seed"]],
    ...["0", "-1", "2.5", "1e3", "many", "", "257"].map((value): [string, RegExp, string[]] => [
      `${value || "no"} samples`,
      /whole number from 1 to 256/,
      ["colorize", "a.png", "--samples", value],
    ]),
    ["no steps", /at least 1/, ["colorize", "a.png", "--steps", "0"]],
    ["a seed too long", /15 digits/, ["colorize", "a.png", "--seed", "99999999999999999999"]],
    ["no threads", /from 1 to/, ["colorize", "a.png", "--threads", "0"]],
    [
      "a value twice",
      /'--seed <number>' is given twice/,
      ["dejpeg", "a.png", "--seed=1", "--seed=1"],
    ],
    ["a value twice, of any command", /'--out <dir>' is given/, ["train", "--out=a", "--out=b"]],
    ["two ways with what is there", /cannot be used/, ["dejpeg", "--overwrite", "--skip-existing"]],
    ["no such format", /png, jpg, webp, avif/, ["colorize", "a.png", "--format", "bmp"]],
    ["quality 101", /from 1 to 100/, ["colorize", "a.png", "--quality", "101"]],
    ["a ratio of nothing", /above 0 and at most 3/, ["uncrop", "a.png", "--ratio", "0"]],
    ["a ratio that is none", /above 0 and at most 3/, ["uncrop", "a.png", "--ratio", "nan"]],
    ["no such side among two", /left, right/, ["uncrop", "a.png", "--side=top", "--side=up"]],
    ["no such target", /such as 16:9.*not wide/, ["uncrop", "a.png", "--to", "wide"]],
    ["two ways to grow", /cannot be used/, ["uncrop", "a.png", "--to=1:1", "--ratio=1"]],
    ["eta above 1", /from 0 to 1/, ["colorize", "a.png", "--eta", "1.1"]],
  ])("%s: one line, exit 2", async (_, text, argv) => {
    expectComplaint(await palette(...argv), 2, text);
  });

  it("eta without ddim, and one file for many answers: exit 2", async () => {
    expectComplaint(await quick("colorize", at("photo.png"), "--eta", "0.5"), 2, /ddim/);
    const result = await quick("colorize", at("photo.png"), "-o", at("y.png"), "--samples", "2");
    expectComplaint(result, 2, /one file for 2 answers/);
  });

  it("places that cannot be written, and models that are none: exit 1", async () => {
    const photo = at("photo.png");
    expectComplaint(
      await quick("colorize", photo, "-o", at("y.tiff")),
      1,
      /\.png, \.jpg, \.webp or \.avif/,
    );
    expectComplaint(
      await quick("colorize", photo, "-o", at("model", "config.json")),
      1,
      /is a file/,
    );
    expectComplaint(
      await quick("colorize", photo, "-o", at("photo.png", "below")),
      1,
      /Nothing can be written into .*photo\.png is a file\); name another place/,
    );
    // Said before anything is computed: it would take hours.
    await writeImage(at("long.png"), createImage(16_400, 4));
    expectComplaint(
      await palette(
        "dejpeg",
        at("long.png"),
        "--model",
        model,
        "--steps",
        "1000",
        "-o",
        at("l.webp"),
      ),
      1,
      /l\.webp cannot hold 16400x4 pixels.*use PNG/,
    );
    expectComplaint(
      await quick("uncrop", at("long.png"), "--ratio", "3", "--side", "right", "-o", at("l.jpg")),
      1,
      /l\.jpg cannot hold 65600x4 pixels/,
    );
    expectComplaint(await palette("colorize", photo, "--model", at("none")), 1, /no model folder/);
    expectComplaint(await palette("colorize", photo, "--model", "tiny-32"), 1, /is a preset/);
  });

  it("help and version are no errors", async () => {
    expect(await palette("--help")).toMatchObject({ code: 0, stderr: "" });
    expect(await palette("colorize", "--help")).toMatchObject({ code: 0, stderr: "" });
    expect((await palette("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await palette()).toMatchObject({ code: 2, stdout: "" });
  });

  it("--verbose adds the stack", async () => {
    const { stderr } = await palette("colorize", "a.png", "--model", at("none"), "--verbose");
    expect(stderr).toMatch(/\n {4}at /);
  });
});

describe("info", () => {
  it("counts the paper's parameters with thousands separators", async () => {
    const { code, stdout } = await palette("info", "paper-256");
    expect(code).toBe(0);
    expect(stdout).toMatch(/parameters +552,814,083\n/);
    expect(stdout).toMatch(/\nmiddle\.attention +1024 x 8 x 8 +4,200,448\n/);
  });

  it("tells what a model was trained on", async () => {
    const { stdout } = await palette("info", model);
    expect(stdout).toMatch(/^sampled with +--sampler dpm\+\+ --steps 20$/m);
    const samplers = { colorize: samplerConfigSchema.parse({ sampler: "ddim", eta: 0.5 }) };
    const sampling = { steps: { colorize: 4 }, samplers };
    await saveModel(at("own"), randomModel({ sampling }, smallestNetwork));
    expect((await palette("info", at("own"))).stdout).toMatch(
      /^sampled with +--sampler dpm\+\+ --steps 20, 4 for colorize; colorize by --sampler ddim --eta 0\.5$/m,
    );
    expect(stdout).toMatch(/trained on +noise; 12,345 images seen\n/);
    expect(stdout).toMatch(/tasks +colorize, inpaint, uncrop, dejpeg\n/);
  });

  it("is one JSON document with --json", async () => {
    const preset = JSON.parse((await palette("info", "pytorch-256", "--json")).stdout);
    expect(preset).toMatchObject({
      kind: "preset",
      parameters: 62_641_347,
      objective: { prediction: "epsilon" },
    });
    const info = JSON.parse((await palette("info", model, "--json")).stdout);
    expect(info).toMatchObject({ kind: "model", name: "random", training: { images: 12_345 } });
    expect(info.memory.weights).toBe(4 * info.parameters);
    expect(info.layers[0]).toEqual({ name: "embed", channels: 128, parameters: 20_736 });
  });

  it("lists what there is when a name is unknown", async () => {
    expectComplaint(await palette("info", "paper"), 1, /paper-256, pytorch-256, small-64, tiny-32/);
  });
});

describe("the program", () => {
  const program = (...argv: string[]): ChildProcess =>
    spawn(process.execPath, [main, ...argv], { stdio: "pipe" });

  it("stops on Ctrl-C with 130 and leaves nothing half written", async () => {
    const out = at("stopped");
    // So many steps take minutes; the progress line after two seconds says that it is sampling.
    const child = program(
      ...["colorize", at("photo.png"), "--model", model, "-o", out],
      ...["--samples", "256", "--sampler", "ddpm", "--steps", "1000"],
    );
    let stderr = "";
    let sent = false;
    child.stderr!.on("data", (text) => {
      stderr += text;
      if (sent || !/step [1-9]\d* of/.test(stderr)) return;
      sent = true;
      child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(stderr).toMatch(
      /photo\.png: step \d+ of 468 \(\d+ s(, about \d+[smh][^)]* to go)?\)\n.*palette: stopped\.\n$/s,
    );
    expect(code).toBe(130);
    expect(existsSync(out) ? await readdir(out) : []).toEqual([]);
  });

  it("exits 0, 1 and 2", async () => {
    const codeOf = (...argv: string[]) =>
      new Promise((resolve) => program(...argv).on("exit", resolve));
    expect(await codeOf("info", "tiny-32")).toBe(0);
    expect(await codeOf("info", "none")).toBe(1);
    expect(await codeOf("info", "--none")).toBe(2);
  });
});
