import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel as randomModelOf, smallestNetwork } from "../../test/random-model.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { frechetDistance } from "../evaluation/metrics/fid.ts";
import { psnr } from "../evaluation/metrics/psnr.ts";
import { adoptSettings } from "../evaluation/protocol/files.ts";
import { picturesTogether } from "../evaluation/protocol/generate.ts";
import type { EvaluationRequest } from "../evaluation/protocol/plan.ts";
import { plannedRows } from "../evaluation/protocol/rows.ts";
import { samplingName } from "../evaluation/protocol/sampler-settings.ts";
import { parseReport, type Row } from "../evaluation/report/report.ts";
import { createImage, toBytes } from "../image/image.ts";
import { presetNamed } from "../models/presets.ts";
import { taskNamed } from "../tasks/registry.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { readImage } from "./decode-image.ts";
import { writeImage } from "./encode-image.ts";
import { evaluate, type FolderEvaluationOptions, planEvaluation } from "./evaluate.ts";
import { openEvaluationFolder } from "./evaluation-folder.ts";
import { findNetworks, openFoundNetwork } from "./feature-networks.ts";
import { saveModel } from "./model-folder.ts";
import { photosDigest, scanPhotos } from "./photo-folders.ts";

/** What is evaluated matters little here: the smallest network, with one engine, is soon ready. */
const randomModel = (details: Parameters<typeof randomModelOf>[0]) =>
  randomModelOf(details, smallestNetwork);

const tasks = ["colorize", "dejpeg"];
let root: string;
let request: EvaluationRequest;
let measuring: Omit<FolderEvaluationOptions, "out">;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-evaluate-"));
  process.env.PALETTE_CACHE = at("cache");
  await writePhotos(at("photos"), 5);
  await writeTinyNetwork(at("nets"));
  await saveModel(at("model"), randomModel({ tasks }));
  await saveModel(
    at("baseline"),
    randomModel({ name: "base", objective: { prediction: "x0", regression: true }, tasks }),
  );
  request = {
    models: [at("model"), at("baseline")],
    data: [at("photos")],
    tasks,
    variants: { qualities: [5] },
    crops: 10,
    referenceCrops: 20,
    steps: ["2", "ddim:3"],
  };
  measuring = {
    nets: at("nets"),
    features: "tiny",
    classifier: "tiny",
    replicates: 10,
    threads: 1,
  };
});
afterAll(async () => {
  delete process.env.PALETTE_CACHE;
  await rm(root, { recursive: true });
});

/** Evaluates, and is killed after so many network calls if told so. */
async function run(out: string, changes: Partial<EvaluationRequest> = {}, killAfter = Infinity) {
  const controller = new AbortController();
  const calls: number[] = [];
  const stages = new Set<string>();
  const plan = await planEvaluation({ ...request, ...changes });
  const result = await evaluate(plan, {
    ...measuring,
    out: at(out),
    signal: controller.signal,
    onProgress({ stage, done, total }) {
      stages.add(stage);
      if (stage === "answers") calls.push(done / total);
      if (stage === "answers" && done >= killAfter) controller.abort(new Error("killed"));
    },
  });
  return { plan, calls, stages: [...stages], ...result };
}

const text = (...names: string[]) => readFile(at(...names), "utf8");
const rowsOf = async (folder: string) =>
  Object.fromEntries(
    parseReport(await text(folder, "report.json")).conditions[0]!.rows.map((row) => [
      `${row.kind} ${row.sampler ?? ""}`.trim(),
      row,
    ]),
  ) as Record<string, Row>;

describe("an evaluation", () => {
  it("has a row for the input, the baseline, each way of sampling and the originals", async () => {
    const { report, files, calls, stages } = await run("whole");
    expect(report.conditions.map(({ id }) => id)).toEqual(["colorize", "dejpeg-5"]);
    for (const { rows } of report.conditions) {
      expect(rows.map(({ kind, steps }) => [kind, steps])).toEqual([
        ["degraded", undefined],
        ["regression", undefined],
        ["palette", 2],
        ["palette", 3],
        ["originals", undefined],
      ]);
    }
    expect(calls.at(-1)).toBe(1);
    expect(calls).toEqual(calls.toSorted((a, b) => a - b));
    // Each condition's groups of 8 and 2 crops: 3 ways of answering, and steps of each.
    expect(calls).toHaveLength(2 * 2 * (1 + 2 + 3));
    expect(stages).toEqual(["pictures", "loading", "answers", "measures"]);
    for (const path of Object.values(files))
      expect((await readFile(path)).length).toBeGreaterThan(1e3);
    expect((await readdir(at("whole", "grids"))).sort()).toEqual(["colorize.png", "dejpeg-5.png"]);
  });

  it("has rows of what other programs made of the degraded pictures", async () => {
    const holes = {
      tasks: ["inpaint"],
      variants: { masks: ["center"] },
      models: [at("inpainter")],
      ...{ crops: 3, referenceCrops: 4, steps: ["1"], samples: 1 },
    };
    await saveModel(at("inpainter"), randomModel({ tasks: ["inpaint"] }));
    await run("others", holes);
    const pictures = at("others", "pictures", "inpaint-center");
    const mask = await readImage(join(pictures, "mask", "00001.png"));
    const degraded = await readImage(join(pictures, "degraded", "00001.png"));
    // The hole is a quarter of the picture, and gray where it is degraded.
    const white = [...mask.data.keys()].filter((i) => mask.data[i] === 1);
    expect(white).toHaveLength(mask.data.length / 4);
    for (const i of white) expect(Math.abs(degraded.data[i]!)).toBeLessThan(0.01);

    const answers = at("peer", "inpaint-center");
    await cp(at("others", "pictures", "originals", "originals"), answers, { recursive: true });
    const others = [{ name: "Perfect", folder: at("peer") }];
    const { report } = await run("others", { ...holes, others });
    const [, perfect] = report.conditions[0]!.rows;
    expect([perfect!.kind, perfect!.label]).toEqual(["other", "Perfect"]);
    expect(perfect!.metrics.pd!.value).toBe(0);
    expect(perfect!.metrics.ssim!.value).toBe(1);
    expect(await text("others", "report.html")).toContain("Perfect");

    await rm(join(answers, "00003.png"));
    await expect(run("others", { ...holes, others })).rejects.toThrow(/no picture 00003\.png/);
    await writeImage(join(answers, "00003.png"), createImage(8, 8));
    await expect(run("others", { ...holes, others })).rejects.toThrow(/has 8x8 pixels/);
    const twins = [...others, ...others];
    await expect(run("others", { ...holes, others: twins })).rejects.toThrow(/called Perfect/);
  });

  it("cuts crops at every scale on request, into a folder of their own", async () => {
    const { report } = await run("scales", {
      cropScale: "own..full",
      ...{ models: [at("model")], tasks: ["colorize"], steps: ["1"], samples: 1 },
      ...{ crops: 5, referenceCrops: 5 },
    });
    expect(report.settings.cropScale).toBe("own..full");
    const [scales, halves] = await Promise.all(
      ["scales", "whole"].map((name) =>
        readImage(at(name, "pictures", "originals", "originals", "00003.png")),
      ),
    );
    expect(scales).not.toEqual(halves);
    await expect(run("whole", { cropScale: "own..full" })).rejects.toThrow(
      /cropScale: none -> own\.\.full/,
    );
    await expect(run("x", { crop: "centre", cropScale: "own..full" })).rejects.toThrow(/random/);
    const centred = { crop: "centre", crops: undefined, referenceCrops: 5 } as const;
    await expect(run("x", centred)).rejects.toThrow(/leave out the reference crops/);
  });

  it("measures the pictures that lie in its folder", async () => {
    const { "palette ddim": row, originals } = await rowsOf("whole");
    const names = await readdir(at("whole", "pictures", "colorize", row!.id));
    expect(names.length).toBe(10);
    const [found] = await findNetworks(at("nets"));
    const network = await openFoundNetwork(found!, { engines: 1 });
    const features = async (...path: string[]) => {
      const images = await Promise.all(
        names.sort().map((name) => readImage(at("whole", "pictures", ...path, name))),
      );
      const outputs = await network.run(images);
      return { images, rows: Float32Array.from(outputs.flatMap((one) => [...one.features!])) };
    };
    const answers = await features("colorize", row!.id);
    const truths = await features("originals", "originals");
    await network.dispose();
    const each = answers.images.map((image, k) =>
      psnr(toBytes(image), toBytes(truths.images[k]!), image),
    );
    const mean = each.reduce((a, b) => a + b) / each.length;
    expect(row!.metrics.psnr!.value).toBeCloseTo(mean, 3);
    expect(row!.metrics.fid!.value).toBeGreaterThan(originals!.metrics.fid!.value);
    expect(originals!.metrics.pd!.value).toBe(0);
    expect(originals!.metrics.ssim!.value).toBe(1);
    expect(originals!.metrics.psnr).toBeUndefined();
    expect(frechetDistance(answers.rows, truths.rows, 3)).toBeGreaterThan(0);
  });

  it("measures diversity where a picture has several answers", async () => {
    const rows = await rowsOf("whole");
    const { msSsim, featureDistance } = rows["palette dpm++"]!.metrics.diversity!;
    expect(msSsim.value).toBeLessThan(1);
    expect(featureDistance!.value).toBeGreaterThan(0);
    expect(rows.regression!.metrics.diversity).toBeUndefined();
    expect(rows["palette ddim"]!.metrics.diversity).toBeUndefined();
  });

  it("killed half-way and started again gives the same report, byte for byte", async () => {
    for (const killAfter of [1, 60, 140]) {
      await expect(run("killed", {}, killAfter)).rejects.toThrow("killed");
    }
    const before = await readdir(at("killed"));
    expect(before).not.toContain("report.json");
    expect(before).not.toContain("lock");
    await run("killed");
    expect(await text("killed", "report.json")).toBe(await text("whole", "report.json"));
    // The pages add the measured seconds, which are no part of the report.
    const timeless = (page: string) => page.replaceAll(/\d+\.\d{3}/g, "");
    expect(timeless(await text("killed", "report.html"))).toBe(
      timeless(await text("whole", "report.html")),
    );
  });

  it("computes only what is new when more is asked for", async () => {
    const seconds = await text("whole", "seconds.json");
    const again = await run("whole");
    expect(await text("whole", "seconds.json")).toBe(seconds);
    expect(again.calls.at(-1)).toBe(1);
    await run("whole", { steps: ["2", "ddim:3", "1"] });
    const old = JSON.parse(seconds) as Record<string, unknown>;
    const now = JSON.parse(await text("whole", "seconds.json")) as Record<string, unknown>;
    expect(now).toMatchObject(old);
    expect(Object.keys(now).length).toBe(Object.keys(old).length + 2);
  });

  it("refuses a folder of other pictures, naming the difference, and of something else", async () => {
    await expect(run("whole", { seed: 2 })).rejects.toThrow(/other pictures \(seed: 1 -> 2\)/);
    await expect(run("whole", { crops: 4 })).rejects.toThrow(/fewerCropsThanPhotos: none -> true/);
    await expect(run("nets")).rejects.toThrow(/not the folder of an evaluation/);
    expect(await readdir(at("nets"))).not.toContain("lock");
  });

  it("begins in a folder where it was killed before its settings were written", async () => {
    const settings = (await planEvaluation(request)).common;
    await mkdir(at("young"));
    await writeFile(at("young", ".settings.json.1234.tmp"), '{"form');
    const folder = await openEvaluationFolder(at("young"));
    await adoptSettings(folder, settings);
    await folder.close();
    expect(JSON.parse(await text("young", "settings.json"))).toEqual(settings);
  });

  it("has a finite PSNR where a picture happens to be equal to its original", async () => {
    await mkdir(at("gray"));
    const [path] = await scanPhotos([at("photos")]);
    await writeFile(at("gray", "1.png"), await readFile(path!));
    await writeImage(at("gray", "2.png"), createImage(40, 40, 0.2));
    const plan = { ...request, data: [at("gray")], tasks: ["colorize"], crops: 4, samples: 1 };
    const { report } = await evaluate(await planEvaluation({ ...plan, steps: ["1"] }), {
      out: at("half-gray"),
      replicates: 0,
      networks: {},
      threads: 1,
    });
    const [degraded] = report.conditions[0]!.rows;
    const values = degraded!.perImage.psnr!;
    expect(values.filter((value) => value === 60).length).toBe(2);
    const mean = values.reduce((a, b) => a + b) / 4;
    expect(degraded!.metrics.psnr!.value).toBeCloseTo(mean, 6);
    expect(report.conditions[0]!.rows.at(-1)!.metrics.psnr).toBeUndefined();
  });

  it("says what is missing without a feature network, and measures the rest", async () => {
    const plan = await planEvaluation({
      ...request,
      tasks: ["colorize"],
      steps: ["1"],
      samples: 1,
    });
    const { report } = await evaluate(plan, {
      out: at("bare"),
      replicates: 0,
      networks: {},
      threads: 1,
    });
    const [degraded] = report.conditions[0]!.rows;
    expect(Object.keys(degraded!.metrics).sort()).toEqual(["psnr", "ssim"]);
    expect(report.notes.join("\n")).toMatch(/No feature network was found: FID, KID, IS and PD/);
  });

  it("does not blame the photos when the list of classes is missing", async () => {
    await writeTinyNetwork(at("listless"));
    await rm(at("listless", "tiny.txt"));
    const plan = await planEvaluation({
      ...request,
      models: [at("baseline")],
      tasks: ["colorize"],
      crops: 2,
      referenceCrops: 2,
    });
    const { report } = await evaluate(plan, {
      ...measuring,
      nets: at("listless"),
      out: at("unlabelled"),
      replicates: 0,
    });
    expect(report.notes).toContain(
      "The list of classes of tiny was not found, so that CA is missing: put tiny.txt beside the network.",
    );
    expect(report.notes.join()).not.toMatch(/photos have no class labels/);
  });
});

it("asks a large network for one picture at a time, so that a kill costs no more", () => {
  expect(picturesTogether(presetNamed("small-64").network)).toBe(8);
  expect(picturesTogether(presetNamed("pytorch-256").network)).toBe(1);
});

describe("accuracy", () => {
  it("counts the photos whose name says a class", async () => {
    const [path] = await scanPhotos([at("photos")]);
    await mkdir(at("labelled"));
    for (let k = 0; k < 6; k++) {
      const name = `n0000000${1 + (k % 3)}_${k}.png`;
      await writeFile(at("labelled", name), await readFile(path!));
    }
    const changes = {
      ...{ data: [at("labelled")], crops: undefined, referenceCrops: undefined },
      crop: "centre",
    } as const;
    const { report } = await run("labels", {
      ...changes,
      ...{ models: [at("model")], tasks: ["colorize"], steps: ["1"], samples: 1 },
    });
    expect(report.reference).toEqual({ count: 6, what: expect.stringMatching(/themselves/) });
    // The same photo under three names is right once in three times.
    const originals = report.conditions[0]!.rows.at(-1)!;
    expect(originals.metrics.ca!.value).toBeCloseTo(1 / 3, 6);
    expect(originals.metrics.fid).toEqual({ value: 0 });
    const kids = report.conditions[0]!.rows.map(({ metrics }) => metrics.kid);
    expect(kids.every((kid) => kid === undefined)).toBe(true);
    expect(report.notes).toContainEqual(expect.stringMatching(/^6 pictures are too few for KID/));
  });
});

describe("a plan", () => {
  it("looks at the held-out photos when a model was trained on these", async () => {
    const photos = await scanPhotos([at("photos")]);
    const record = { digests: [await photosDigest(photos), "another"], holdOut: "every:2:1" };
    await saveModel(at("here"), randomModel({ tasks, training: { images: 1, photos: record } }));
    const here = { ...request, models: [at("here")] };
    const { photos: chosen, notes } = await planEvaluation(here);
    expect(chosen).toEqual([photos[1], photos[3]]);
    expect(notes.join()).toMatch(/no Regression baseline for colorize, dejpeg/);
    const every = await planEvaluation({ ...here, holdOut: "none" });
    expect(every.photos).toEqual(photos);
    expect(every.notes.join()).toMatch(/trained on some of these photos/);
    expect((await planEvaluation(request)).photos).toEqual(photos);
    const from = { name: "before", digest: "0", images: 1, photos: [record] };
    const own = { digests: ["own"], holdOut: "none" };
    const before = { digests: ["smaller"], holdOut: "every:2:1" };
    const later = randomModel({ tasks, training: { images: 1, photos: own, from } });
    await saveModel(at("later"), later);
    const indirectly = await planEvaluation({ ...request, models: [at("later")] });
    expect(indirectly.photos).toEqual([photos[1], photos[3]]);
    const shifted = {
      ...later.config.training!,
      photos: record,
      from: { ...from, photos: [before] },
    };
    await saveModel(at("shifted"), { ...later, config: { ...later.config, training: shifted } });
    const doubtful = await planEvaluation({ ...request, models: [at("shifted")] });
    expect(doubtful.common.holdOut).toBe("every:2:1");
    expect(doubtful.notes.join()).toMatch(/other photos: if they are these.*they shift which ones/);
  });

  it("says that a model may have seen these photos when its record is of a changed set", async () => {
    const before = { digests: ["before"], holdOut: "every:2:1" };
    await saveModel(at("once"), randomModel({ tasks, training: { images: 1, photos: before } }));
    const once = { ...request, models: [at("once")] };
    const { common, notes } = await planEvaluation(once);
    expect(common.holdOut).toBe("none");
    expect(notes.join()).toMatch(/other photos: if they are these.*name --hold-out every:2:1 then/);
    const named = await planEvaluation({ ...once, holdOut: "every:2:1" });
    expect(named.notes.join()).not.toMatch(/other photos/);
  });

  it("leaves models out of tasks that they were not trained for", async () => {
    await saveModel(at("specialist"), randomModel({ name: "gray", tasks: ["colorize"] }));
    const plan = await planEvaluation({ ...request, models: [at("model"), at("specialist")] });
    const names = (task: string) =>
      plannedRows(plan, { task: taskNamed(task) }).map(({ model }) => model.config.name);
    expect(new Set(names("colorize"))).toEqual(new Set(["random", "gray"]));
    expect(new Set(names("dejpeg"))).toEqual(new Set(["random"]));
    expect(plan.notes.join()).toMatch(/\(gray\) was not trained for dejpeg/);
  });

  it("samples each task in its own way, as restoring does", async () => {
    const sampling = {
      samplers: { colorize: { sampler: "dpm++", spacing: "logsnr", sigmaMin: 0.05 } as const },
      steps: { colorize: 3, dejpeg: 2 },
      starts: { dejpeg: 1.5 },
      jpegStarts: { 10: 0.5, 20: 0.3 },
    };
    const model = randomModel({ tasks });
    await saveModel(at("own"), { ...model, config: { ...model.config, sampling } });
    const plan = await planEvaluation({ ...request, models: [at("own")], steps: ["own", "5"] });
    const ways = (task: string, known = {}) =>
      plannedRows(plan, { task: taskNamed(task), known }).map(
        ({ sampling: way }) => way && samplingName(way),
      );
    expect(ways("colorize")).toEqual(["dpm++:3:logsnr:sigma-min=0.05", "dpm++:5"]);
    expect(ways("dejpeg", { quality: 15 })).toEqual(["dpm++:2:start=0.4", "dpm++:5"]);
    const mean = { ...plan, samplings: new Map([[plan.models[0]!, ["mean" as const]]]) };
    const meanOf = (task: string, known = {}) =>
      plannedRows(mean, { task: taskNamed(task), known }).map(({ id, sampling: way }) => [
        id.replace(/^.*-/, ""),
        way && samplingName(way),
      ]);
    expect(meanOf("colorize")).toEqual([["mean", "dpm++:1:logsnr:sigma-min=0.05"]]);
    expect(meanOf("dejpeg", { quality: 15 })).toEqual([
      ["mean", "dpm++:1:start=0.4:start-noise=0"],
    ]);
    const [own, five] = plannedRows(plan, { task: taskNamed("colorize") });
    expect([own!.label, five!.label].join()).toMatch(/each task in its own way.*dpm\+\+ 5 steps/);
    expect(own!.id).toMatch(/-own$/);
  });

  it("tells models of one name apart", async () => {
    await saveModel(at("twin"), randomModel({ tasks, training: { images: 7 } }));
    const { models } = await planEvaluation({ ...request, models: [at("model"), at("twin")] });
    expect(new Set(models.map(({ label }) => label)).size).toBe(2);
  });

  it.each([
    ["steps", { steps: ["many"] }],
    ["sampler", { steps: ["euler:20"] }],
    ["no steps", { steps: [] }],
    ["samples", { samples: 0 }],
    ["crops", { crops: 1 }],
    ["task", { tasks: ["paint"] }],
    ["more centre crops than photos", { crop: "centre", crops: 6 }],
    ["a task that no model was trained for", { tasks: ["uncrop"] }],
  ] as const)("refuses impossible %s in one line", async (_, changes) => {
    const refusal = planEvaluation({ ...request, ...changes } as EvaluationRequest);
    await expect(refusal).rejects.toThrow(UsageError);
    await expect(refusal).rejects.toThrow(/^[^\n]+$/);
  });

  it("refuses models of different sizes and photos of which none can be used", async () => {
    await mkdir(at("broken"));
    await writeFile(at("broken", "a.png"), "no picture");
    await expect(planEvaluation({ ...request, data: [at("broken")] })).rejects.toThrow(
      /None of 1 photo can be used/,
    );
    await expect(
      planEvaluation({ ...request, models: [at("model"), "photos-64"] }),
    ).rejects.toThrow(PaletteError);
  });
});
