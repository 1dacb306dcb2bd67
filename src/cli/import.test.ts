import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import {
  stateDict,
  theirModel,
  tinyCheckpoint,
  tinyConfig,
} from "../../test/support/pytorch-palette.ts";
import { torchFile, zipFile } from "../../test/support/torch-file.ts";
import { createImage, toBytes } from "../image/image.ts";
import { readImage } from "../node/decode-image.ts";
import { writeImage } from "../node/encode-image.ts";
import { loadModel, saveModel } from "../node/model-folder.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-cli-import-"));
  await writeFile(at("7_Network.pth"), await tinyCheckpoint());
});
afterAll(() => rm(root, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

describe("palette import", () => {
  it("makes a model that inpaints, from PyTorch's own file", async () => {
    const folder = at("models", "tiny");
    const args = [
      "import",
      at("7_Network.pth"),
      "-o",
      folder,
      "--config",
      tinyConfig,
      "--tasks",
      "inpaint",
    ];
    const { code, stdout, stderr } = await palette(...args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /tiny: 354,819 parameters; 16x16 pixels; base 32 x 1,1; 1 block a level; heads of 16; for inpaint; training linear, 200 steps/,
    );
    expect(stdout).toContain(`palette inpaint photo.png --mask mask.png --model ${folder}`);
    expect((await readdir(folder)).sort()).toEqual(["config.json", "weights.safetensors"]);
    expect((await loadModel(folder)).config.name).toBe("tiny");

    const photo = createImage(16, 16, 0.5);
    const mask = createImage(16, 16, -1);
    for (const plane of [0, 1, 2]) mask.data.fill(1, plane * 256 + 64, plane * 256 + 128);
    await writeImage(at("photo.png"), photo);
    await writeImage(at("mask.png"), mask);
    for (const sampler of ["ddpm", "dpm++"]) {
      const out = at(`${sampler}.png`);
      const restored = await palette(
        "inpaint",
        at("photo.png"),
        "--mask",
        at("mask.png"),
        "--model",
        folder,
        "-o",
        out,
        "--sampler",
        sampler,
        "--steps",
        "50",
        "--seed",
        "4",
      );
      expect(restored.code).toBe(0);
      expect(restored.stderr).toMatch(/^\S*mask\.png fills 25\.0 % of \S*photo\.png\.\n$/);
      const [before, after] = [toBytes(photo), toBytes(await readImage(out))];
      const changed = after.map((value, i) => (value === before[i] ? 0 : 1));
      // The known pixels are the photo's; the hole is not.
      expect([...changed.subarray(0, 192), ...changed.subarray(384)].some(Boolean)).toBe(false);
      expect(changed.subarray(192, 384).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(150);
    }
  });

  it("prints one document, and says with `info` where the model comes from", async () => {
    const args = [
      "import",
      at("7_Network.pth"),
      "-o",
      at("json"),
      "--config",
      tinyConfig,
      "--json",
    ];
    const { stdout } = await palette(...args);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ folder: at("json"), parameters: 354_819, tasks: ["uncrop"] });
    expect(document.origin.notes).toHaveLength(3);
    const info = await palette("info", at("json"));
    expect(info.stdout).toMatch(/imported from +7_Network\.pth of Janspiry\/Palette/);
  });

  it("takes --resolution in place of the configuration's", async () => {
    await palette(
      "import",
      at("7_Network.pth"),
      "-o",
      at("larger"),
      "--config",
      tinyConfig,
      "--resolution",
      "32",
    );
    expect((await loadModel(at("larger"))).config.network.resolution).toBe(32);
  });

  it.each<[string, () => Uint8Array | string, string[], RegExp]>([
    [
      "a training state",
      () =>
        torchFile(
          new Map([
            ["epoch", 16],
            ["optimizers", 0],
          ]),
        ),
      [],
      /16_Network\.pth beside it/,
    ],
    [
      "a truncated download",
      () => torchFile(stateDict(theirModel())).subarray(0, 50_000),
      [],
      /download it again/,
    ],
    ["a web page", () => "<html>", [], /web page/],
    [
      "malice",
      () => zipFile([["a/data.pkl", Buffer.from("cos\nsystem\n(tR.")]]),
      [],
      /os\.system, as whole pickled/,
    ],
    [
      "an sr3 checkpoint",
      () =>
        torchFile(new Map([["denoise_fn.noise_level_mlp.1.weight", { shape: [1], data: [1] }]])),
      [],
      /sr3/,
    ],
    [
      "another configuration",
      () => torchFile(stateDict(theirModel())),
      ["--config", tinyConfig],
      /contradicts the weights: its channel_mults is \[1, 1\], theirs \[1, 2\]/,
    ],
  ])("%s is refused in one line, and nothing is written", async (_, bytes, more, message) => {
    await writeFile(at("given.pth"), bytes());
    const { code, stdout, stderr } = await palette(
      "import",
      at("given.pth"),
      "-o",
      at("none"),
      ...more,
    );
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([1, ""]);
    expect(await readdir(root)).not.toContain("none");
  });

  it.each([
    [["import", "x.pth"], /--out/],
    [["import", "x.pth", "-o", "y", "--tasks", "paint"], /no task "paint"; the tasks are colorize/],
    [["import", "x.pth", "-o", "y", "--tasks", ","], /Name at least one/],
    [["import", "x.pth", "-o", "y", "--resolution", "big"], /whole number/],
  ])("%j is wrong usage", async (argv, message) => {
    const { code, stderr } = await palette(...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe("palette export", () => {
  it("writes an ONNX file and PyTorch's tensors, which can be imported again to the bit", async () => {
    const model = theirModel({ resolution: 32, attention: [16] });
    await saveModel(at("theirs"), model);
    const [onnx, tensors] = [at("x.onnx"), at("x.safetensors")];
    const { code, stdout, stderr } = await palette(
      "export",
      at("theirs"),
      "-o",
      onnx,
      "--batch",
      "2",
      "--safetensors",
      tensors,
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/input +noisy +\[2, 3, 32, 32\] +y_t = /);
    expect(stdout).toMatch(/input +conditioning +\[2\] +gamma itself/);
    expect(stdout).toMatch(/x\.safetensors: .* under the PyTorch Palette's names\./);
    expect((await readFile(onnx)).subarray(0, 2)).toEqual(Buffer.of(8, 8));

    expect((await palette("import", tensors, "-o", at("again"))).code).toBe(0);
    const again = await loadModel(at("again"));
    expect(again.config).toEqual({
      ...model.config,
      name: "again",
      imported: "x.safetensors",
    });
    const weights = (folder: string) => readFile(at(folder, "weights.safetensors"));
    expect((await weights("again")).equals(await weights("theirs"))).toBe(true);
  });

  it("says in JSON what it wrote, and why names are our own", async () => {
    await saveModel(at("ours"), randomModel());
    const { stdout } = await palette(
      "export",
      at("ours"),
      "--safetensors",
      at("o.safetensors"),
      "--json",
    );
    const document = JSON.parse(stdout);
    expect(document.safetensors).toMatchObject({ file: at("o.safetensors"), names: "own" });
    const { stdout: text } = await palette(
      "export",
      at("ours"),
      "--safetensors",
      at("o.safetensors"),
    );
    expect(text).toMatch(
      /under this package's names: the PyTorch Palette has no such network, as it has a space-to-depth stem of 2/,
    );
  });

  it("needs to be told what to write, and a model", async () => {
    const nothing = await palette("export", at("theirs"));
    expect([nothing.code, nothing.stdout]).toEqual([2, ""]);
    expect(nothing.stderr).toMatch(/-o x\.onnx, --safetensors/);
    const batch = ["--batch", "2", "--safetensors", at("y.safetensors")];
    const idle = await palette("export", at("theirs"), ...batch);
    expect([idle.code, idle.stderr]).toEqual([
      2,
      expect.stringContaining("--batch is of the ONNX"),
    ]);
    const missing = await palette("export", at("nowhere"), "-o", at("y.onnx"));
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/There is no model folder/);
  });
});
