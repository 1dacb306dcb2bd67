/** What each command may write over: see `node/output-rule.ts`. */
import { createHash } from "node:crypto";
import {
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { tinyCheckpoint, tinyConfig } from "../../test/support/pytorch-palette.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { encodeSafetensors } from "../models/safetensors.ts";
import { loadModelConfig, saveModel } from "../node/model-folder.ts";
import { planTraining } from "../node/training.ts";
import { commands } from "./commands/index.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-write-over-"));
  vi.stubEnv("PALETTE_CACHE", at("cache"));
  await writeFile(at("7_Network.pth"), await tinyCheckpoint());
  const photos = await writePhotos(at("photos"), 3);
  const photo = await readFile(at("photos", "photo-000.png"));
  await writeFile(at("rgb.png"), photo);
  await writeFile(at("mask.png"), photo);
  for (const name of ["model", "other", "held"]) {
    await saveModel(at(name), randomModel({}, smallestNetwork));
  }
  const { config } = await planTraining({ data: [photos], threads: 1 });
  await mkdir(at("run"));
  await writeFile(at("run", "config.json"), JSON.stringify(config));
  const tensors = new Map([["ema", { shape: [1], data: Float32Array.of(1) }]]);
  const checkpoint = encodeSafetensors(tensors, { metadata: { format: "palette checkpoint 2" } });
  await writeFile(at("run", "checkpoint.safetensors"), checkpoint);
  // Files of one's own that have the names of ours.
  await mkdir(at("mine"));
  for (const name of ["config.json", "fid.json", "settings.json", "shards.json"])
    await writeFile(at("mine", name), '{"a":1}');
  for (const name of ["mine.onnx", "mine.safetensors"]) await writeFile(at(name), "mine");
  await symlink(at("model", "weights.safetensors"), at("linked.safetensors"));
  await symlink("/dev/null", at("device.onnx"));
  await link(at("model", "weights.safetensors"), at("hard.safetensors"));
  await writeTinyNetwork(at("nets"));
  await mkdir(at("gotten"));
  await writeFile(at("gotten", "googlenet-12.onnx"), "mine");
  const made = ["import", at("7_Network.pth"), "--config", tinyConfig, "-o", at("imported")];
  expect((await palette(...made)).code).toBe(0);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** The digests of all files, by path. */
async function everything(): Promise<Record<string, string>> {
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const named = files
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const digest = async (file: string) =>
    [
      file,
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ] as const;
  return Object.fromEntries(await Promise.all(named.map(digest)));
}

const photo = () => at("photos", "photo-000.png");
const importing =
  (out: string, ...more: string[]) =>
  () => [at("7_Network.pth"), ...["--config", tinyConfig, "-o", at(out), ...more]];
const exporting =
  (...outputs: string[]) =>
  () => [at("model"), ...outputs.map((name) => (name.startsWith("-") ? name : at(name)))];
const averaging = (out: string) => () => [at("run"), "--length", "0.1", "-o", at(out)];
const calibrating = (out: string) => () => [
  ...[at("model"), "--data", at("photos"), "-o", at(out)],
];
const training = (out: string) => () => ["--data", at("photos"), "--out", at(out), "--images", "1"];
const distilling = (out: string) => () => [...training(out)(), "--from", at("model")];
const evaluating = (out: string) => () => [
  ...["--model", at("model"), "--data", at("photos"), "--nets", at("nets"), "-o", at(out)],
];
const sharding = (out: string) => () => [at("photos"), "-o", at(out)];
const studying = (folder: string) => () => [
  ...["new", at(folder), "--model", at("model"), "--data", at("photos")],
];
const experimenting = (out: string) => () => [
  ...["experiments/loss.yaml", "--data", at("photos"), "-o", at(out)],
];
const comparing = (out: string) => () => [
  ...[at("photos"), at("photos"), "--nets", at("nets"), "--features", "tiny", "-o", at(out)],
];
const restoring = (name: string) => () => [
  ...[photo(), "-o", photo(), "--model", at("model")],
  ...(name === "inpaint" ? ["--mask", at("mask.png")] : []),
];

type Case = readonly [what: string, argv: () => string[], message: RegExp];

/** Of every command that writes, what it must leave alone. */
const refused: Readonly<Record<string, readonly Case[]>> = {
  import: [
    [
      "a config.json of one's own",
      importing("mine"),
      /mine is not a model that palette import made \(it holds config\.json\): choose another -o/,
    ],
    ["that, with --force", importing("mine", "--force"), /is not a model that palette import made/],
    ["a run", importing("run", "--force"), /is not a model that palette import made/],
    ["a trained model", importing("model", "--force"), /is not a model that palette import made/],
    ["photos", importing("photos"), /\(it holds photo-000\.png\)/],
    ["a file", importing("rgb.png"), /rgb\.png is a file: choose another -o/],
    [
      "the folder it is started in, of an empty name",
      () => [at("7_Network.pth"), "-o", ""],
      /^palette: \. is not a model that palette import made/,
    ],
    ["a model it made, without --force", importing("imported"), /--force replaces it/],
    [
      "what it reads",
      () => [at("imported", "weights.safetensors"), "-o", at("imported"), "--force"],
      /weights\.safetensors is read by this command/,
    ],
  ],
  export: [
    [
      "the model it reads",
      exporting("--safetensors", "model/weights.safetensors"),
      /is read by this command and would be replaced/,
    ],
    [
      "that through a link",
      exporting("--safetensors", "linked.safetensors"),
      /is read by this command/,
    ],
    [
      "that by another name",
      exporting("--safetensors", "hard.safetensors"),
      /is read by this command/,
    ],
    [
      "another model",
      exporting("--safetensors", "other/weights.safetensors"),
      /was not written by palette export/,
    ],
    [
      "a checkpoint",
      exporting("--safetensors", "run/checkpoint.safetensors"),
      /was not written by palette export/,
    ],
    ["a photo", exporting("-o", "rgb.png"), /-o writes a file that ends in \.onnx, not /],
    [
      "somebody's ONNX file",
      exporting("-o", "nets/tiny.onnx"),
      /was not written by palette export/,
    ],
    ["a device", exporting("-o", "device.onnx"), /device\.onnx is not a file/],
    ["what is no ONNX file", exporting("-o", "mine.onnx"), /was not written by palette export/],
    [
      "what is no safetensors file",
      exporting("--safetensors", "mine.safetensors"),
      /was not written by palette export/,
    ],
    ["its own other file", exporting("-o", "same.x", "--safetensors", "same.x"), /ends in \.onnx/],
    [
      "nothing, below a file",
      exporting("-o", "rgb.png/x.onnx"),
      /Nothing can be written into .*rgb\.png is a file/,
    ],
  ],
  train: [
    ["photos", training("photos"), /is not a run folder \(it holds photo-000/],
    ["a config.json of one's own", training("mine"), /is not the configuration of a run/],
    ["a model", training("model"), /is not the configuration of a run/],
    ["a file", training("rgb.png"), /is a file: choose another --out/],
  ],
  distill: [
    ["photos", distilling("photos"), /is not a run folder \(it holds photo-000/],
    ["a file", distilling("rgb.png"), /is a file: choose another --out/],
  ],
  average: [
    [
      "photos",
      averaging("photos"),
      /is not a model that palette average made \(it holds photo-000/,
    ],
    ["a config.json of one's own", averaging("mine"), /is not a model that palette average made/],
    ["a trained model", averaging("model"), /is not a model that palette average made/],
    ["the run", averaging("run"), /is not a model that palette average made/],
    ["a file", averaging("rgb.png"), /is a file: choose another -o/],
  ],
  calibrate: [
    ["photos", calibrating("photos"), /is not a model that palette calibrate made/],
    ["a config.json of one's own", calibrating("mine"), /not a model that palette calibrate made/],
    ["the model it reads", calibrating("model"), /is not a model that palette calibrate made/],
    ["a file", calibrating("rgb.png"), /is a file: choose another -o/],
  ],
  evaluate: [
    ["photos", evaluating("photos"), /is not the folder of an evaluation \(it holds photo-000/],
    ["a run", evaluating("run"), /is not the folder of an evaluation/],
    ["a settings.json of one's own", evaluating("mine"), /\(it holds settings\.json\)/],
    ["a file", evaluating("rgb.png"), /is a file: choose another -o/],
  ],
  fid: [
    ["photos", comparing("photos"), /is not the folder of a comparison/],
    ["a fid.json of one's own", comparing("mine"), /\(it holds fid\.json\)/],
    ["a file", comparing("rgb.png"), /is a file: choose another -o/],
  ],
  shards: [
    ["photos", sharding("photos"), /is not a folder of shards \(it holds photo-000/],
    ["a run", sharding("run"), /is not a folder of shards/],
    ["a shards.json of one's own", sharding("mine"), /is not a folder of shards/],
    ["a file", sharding("rgb.png"), /is a file: choose another -o/],
  ],
  study: [
    ["photos", studying("photos"), /is not the folder of a study \(it holds photo-000/],
    ["a run", studying("run"), /is not the folder of a study/],
    ["a file", studying("rgb.png"), /is a file: choose another folder/],
  ],
  experiment: [
    ["photos", experimenting("photos"), /is not the folder of an experiment \(it holds photo-000/],
    ["a run", experimenting("run"), /is not the folder of an experiment/],
    ["a file", experimenting("rgb.png"), /is a file: choose another -o/],
  ],
  features: [
    [
      "another file of that name",
      () => ["get", "googlenet-12", "--nets", at("gotten")],
      /googlenet-12\.onnx is there already/,
    ],
  ],
  ...Object.fromEntries(
    ["colorize", "dejpeg", "upscale", "uncrop", "inpaint", "panorama"].map((name) => [
      name,
      [["the photo", restoring(name), /would be replaced/]],
    ]),
  ),
};

describe.each(Object.entries(refused))("palette %s leaves alone", (command, cases) => {
  it.each(cases.map(([what, argv, message]) => ({ what, argv, message })))(
    "$what",
    async ({ argv, message }) => {
      const before = await everything();
      const { code, stdout, stderr } = await palette(command, ...argv());
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect([stdout, code > 0]).toEqual(["", true]);
      expect(await everything()).toEqual(before);
    },
  );
});

it("every command is in the table, or writes nothing", () => {
  // studio saves under new names alone: photo-folder.test.ts.
  const silent = ["info", "bench", "doctor", "studio"];
  expect(commands.map(({ name }) => name).sort()).toEqual(
    [...Object.keys(refused), ...silent].sort(),
  );
});

describe("what a command made itself is replaced", () => {
  it("by import, with --force, once more", async () => {
    const again = importing("imported", "--force", "--tasks", "uncrop");
    expect(await palette("import", ...again())).toMatchObject({ code: 0, stderr: "" });
    expect(await loadModelConfig(at("imported"))).toMatchObject({
      tasks: ["uncrop"],
      imported: "7_Network.pth",
    });
  });

  it("by import, after a kill between its two files", async () => {
    const folder = at("cut-off");
    await cp(at("imported"), folder, { recursive: true });
    await rm(join(folder, "config.json"));
    const refused = await palette("import", ...importing("cut-off")());
    expect(refused.stderr).toContain("it holds weights.safetensors");
    await writeFile(join(folder, "lock"), "");
    const from = await palette("import", join(folder, "weights.safetensors"), "-o", folder);
    expect(from.stderr).toContain("is read by this command");
    expect(await palette("import", ...importing("cut-off")())).toMatchObject({ code: 0 });
    expect((await readdir(folder)).sort()).toEqual(["config.json", "weights.safetensors"]);
    await rm(folder, { recursive: true });
  });

  it("by export, and by fid", async () => {
    for (let time = 0; time < 2; time++) {
      const files = exporting("-o", "out.onnx", "--safetensors", "out.safetensors");
      expect(await palette("export", ...files())).toMatchObject({ code: 0, stderr: "" });
      expect((await palette("fid", ...comparing("compared")())).code).toBe(0);
    }
    expect((await readdir(root)).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
