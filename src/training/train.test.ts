import { createHash } from "node:crypto";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { readImage } from "../images/decode.ts";
import { lockFolder } from "../lock.ts";
import { loadModel } from "../models/model-folder.ts";
import type { Progress, TrainingOptions, TrainingOutcome } from "./options.ts";
import { planTraining, type TrainingRequest } from "./plan.ts";
import { train } from "./train.ts";

interface Result {
  readonly outcome: TrainingOutcome;
  readonly lines: string[];
  readonly progress: Progress[];
  readonly stats: StatsLine[];
}

interface StatsLine {
  readonly images: number;
  readonly loss: number;
  readonly lossByTask: Record<string, number>;
  readonly heldOutLoss?: number;
  readonly machine?: unknown;
}

let folder: string;
let photos: string;
let base: string;
let runs = 0;

const request: Omit<TrainingRequest, "data"> = { preset: "tiny-32", batch: 2, threads: 1, seed: 3 };
const often = { statsEvery: 4, heldOutEvery: 8, samplesEvery: 100 };

/** A folder for a run of its own. */
const newRun = () => join(folder, `run-${runs++}`);

async function trained(
  options: Partial<TrainingOptions> & { out: string },
  wishes: Partial<TrainingRequest> = {},
): Promise<Result> {
  const lines: string[] = [];
  const progress: Progress[] = [];
  const reporter = {
    line: (text: string) => lines.push(text),
    progress: (update: Progress) => progress.push(update),
  };
  const plan = await planTraining({ data: [photos], ...request, ...wishes });
  const outcome = await train(plan, { images: 8, ...often, ...options, reporter });
  return { outcome, lines, progress, stats: await statsOf(options.out) };
}

/** Why a training did not take place or did not end well, in one line. */
const refusal = (...given: Parameters<typeof trained>) => failureOf(trained(...given));

async function statsOf(run: string): Promise<StatsLine[]> {
  const text = await readFile(join(run, "stats.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as StatsLine);
}

/** Digests of files: comparing their millions of bytes one by one takes minutes. */
const bytesOf = (run: string, ...names: string[]) =>
  Promise.all(
    names.map(async (name) =>
      createHash("sha256")
        .update(await readFile(join(run, name)))
        .digest("hex"),
    ),
  );
const results = ["checkpoint.safetensors", "model/weights.safetensors", "model/config.json"];

/** A copy of the run that `beforeAll` has made: 8 images. */
async function copied(): Promise<string> {
  const run = newRun();
  await cp(base, run, { recursive: true });
  return run;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-train-"));
  photos = await writePhotos(join(folder, "photos"), 9);
  base = newRun();
  await trained({ out: base });
});
afterAll(() => rm(folder, { recursive: true }));

describe("a training", () => {
  it("leaves a model that can be loaded, samples, statistics and no lock", async () => {
    expect((await readdir(base)).sort()).toEqual([
      "checkpoint.safetensors",
      "clock.json",
      "config.json",
      "log.txt",
      "model",
      "samples",
      "stats.jsonl",
    ]);
    const { config, parameters } = await loadModel(join(base, "model"));
    expect(config).toMatchObject({
      name: "tiny-32",
      training: { images: 8, steps: 4, seed: 3, data: "7 photos, 2 more held out (every:7:1)" },
    });
    expect(parameters.every(Number.isFinite)).toBe(true);
    const sheet = await readImage(join(base, "samples", "000008.png"));
    // Two held-out photos: input, sample and truth of each.
    expect(sheet.width).toBeGreaterThan(6 * 128);
    const stats = await statsOf(base);
    expect(stats.map(({ images }) => images)).toEqual([4, 8]);
    expect(stats[1]!.heldOutLoss).toBeGreaterThan(0);
  });

  it("learns: loss and held-out loss fall within a few hundred images", async () => {
    const out = newRun();
    const { stats } = await trained(
      { out, images: 240, statsEvery: 40, heldOutEvery: 120 },
      { batch: 8, warmUpImages: 40, learningRate: 2e-3, threads: 2 },
    );
    expect(stats.at(-1)!.loss).toBeLessThan(0.6 * stats[0]!.loss);
    const looks = stats.filter(({ heldOutLoss }) => heldOutLoss !== undefined);
    expect(looks[1]!.heldOutLoss!).toBeLessThan(looks[0]!.heldOutLoss!);
  });

  it("reports the mean loss of each task since the last line", async () => {
    const { progress, stats } = await trained({ out: newRun(), images: 8 });
    for (const [k, line] of stats.entries()) {
      const updates = progress.slice(2 * k, 2 * k + 2);
      const losses = updates.flatMap((update) => update.losses);
      const tasks = updates.flatMap((update) => update.tasks);
      expect(line.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 4, 12);
      for (const [task, mean] of Object.entries(line.lossByTask)) {
        const own = losses.filter((_, i) => tasks[i] === task);
        expect(mean).toBeCloseTo(own.reduce((sum, loss) => sum + loss, 0) / own.length, 12);
      }
      expect(Object.keys(line.lossByTask).sort()).toEqual([...new Set(tasks)].sort());
    }
  });

  it("goes on when asked for more, with the bytes of one that was asked at once", async () => {
    const [run, whole] = [await copied(), newRun()];
    const again = await trained({ out: run });
    expect(again.outcome).toMatchObject({ end: "images", images: 8, seen: 0 });
    expect(again.lines.join()).toContain("8 images already");
    const more = await trained({ out: run, images: 13 });
    expect(more.outcome).toMatchObject({ end: "images", images: 14, seen: 6, steps: 7 });
    const atOnce = await trained({ out: whole, images: 14 });
    expect(await bytesOf(run, ...results)).toEqual(await bytesOf(whole, ...results));
    const numbers = ({ machine, ...line }: StatsLine) => line;
    expect(more.stats.map(numbers)).toEqual(atOnce.stats.map(numbers));
  });

  it("killed before its last look makes up for it", async () => {
    const run = await copied();
    const sheet = join("samples", "000008.png");
    await rm(join(run, sheet));
    const { outcome, lines } = await trained({ out: run });
    expect(outcome).toMatchObject({ end: "images", images: 8, seen: 0 });
    expect(outcome.heldOutLoss!.mean).toBeGreaterThan(0);
    expect(lines.at(-1)).toContain("8 images already");
    expect(await bytesOf(run, sheet)).toEqual(await bytesOf(base, sheet));
  });

  it("does not depend on reports, checkpoints, samples or where the photos lie", async () => {
    const moved = await writePhotos(join(folder, "moved", "photos"), 9);
    const run = newRun();
    await trained(
      { out: run, checkpointEvery: { images: 2 }, samplesEvery: 4, heldOutEvery: 1000 },
      { data: [moved] },
    );
    const names = ["model/weights.safetensors", "model/config.json"];
    expect(await bytesOf(run, ...names)).toEqual(await bytesOf(base, ...names));
    const other = await trained({ out: newRun() }, { seed: 4 });
    expect(await bytesOf(other.outcome.model, "weights.safetensors")).not.toEqual(
      await bytesOf(base, names[0]!),
    );
  });

  it("counts hours over all sittings", async () => {
    const run = await copied();
    const { outcome } = await trained({ out: run, images: undefined, hours: 1e-9 });
    expect(outcome).toMatchObject({ end: "hours", images: 8, seen: 0 });
    expect(outcome.seconds).toBeGreaterThan(0);
    const later = await trained({
      out: run,
      images: undefined,
      hours: outcome.seconds / 3600 + 1e-9,
    });
    expect(later.outcome.end).toBe("hours");
    expect(later.outcome.seen).toBeGreaterThan(0);
  });

  it("saves and ends when it is told to stop", async () => {
    const stop = new AbortController();
    const plan = await planTraining({ data: [photos], ...request });
    const run = newRun();
    const outcome = await train(plan, {
      out: run,
      ...often,
      signal: stop.signal,
      reporter: { line() {}, progress: ({ images }) => images === 8 && stop.abort() },
    });
    expect(outcome).toMatchObject({ end: "stopped", images: 8 });
    const names = ["model/weights.safetensors", "model/config.json"];
    expect(await bytesOf(run, ...names)).toEqual(await bytesOf(base, ...names));
    // What was due at 8 images and was not looked at any more is made up for, once.
    for (let sitting = 0; sitting < 2; sitting++) {
      const { stats } = await trained({ out: run });
      expect(stats.map(({ images }) => images)).toEqual([4, 8]);
      expect(await bytesOf(run, ...results)).toEqual(await bytesOf(base, ...results));
    }
  });

  it("gives an update up half way when it is told to stop, and makes it anew", async () => {
    const wishes = { accumulate: 3 };
    const plan = await planTraining({ data: [photos], ...request, ...wishes });
    const [run, whole] = [newRun(), newRun()];
    const partsUntil = (most: number) => {
      const stop = new AbortController();
      let updates = 0;
      const part = (what: string, done: number) => {
        if (!what.endsWith("of this update")) return;
        if (done === 0) updates += 1;
        if (updates > most && done === 2) stop.abort();
      };
      const reporter = { line() {}, progress() {}, part };
      return { signal: stop.signal, reporter };
    };
    const none = await train(plan, { out: run, images: 18, ...often, ...partsUntil(0) });
    expect(none).toMatchObject({ end: "stopped", images: 0 });
    expect(await readdir(run)).not.toContain("model");
    const some = await train(plan, { out: run, images: 18, ...often, ...partsUntil(2) });
    expect(some).toMatchObject({ end: "stopped", images: 12, steps: 2 });
    await trained({ out: run, images: 18 }, wishes);
    await trained({ out: whole, images: 18 }, wishes);
    expect(await bytesOf(run, ...results)).toEqual(await bytesOf(whole, ...results));
  });

  it("gives a look up when it is told to stop, and makes up for it", async () => {
    const stop = new AbortController();
    const plan = await planTraining({ data: [photos], ...request });
    const [run, calls] = [newRun(), [] as number[]];
    const part = (what: string, done: number, total: number) => {
      if (!what.startsWith("network calls")) return;
      // Two held-out photos for each of four tasks.
      expect(total).toBe(8);
      calls.push(done);
      if (done === 1) stop.abort();
    };
    const reporter = { line() {}, progress() {}, part };
    const options = { out: run, images: 16, ...often, signal: stop.signal, reporter };
    expect(await train(plan, options)).toMatchObject({ end: "stopped", images: 8 });
    expect(calls).toEqual([0, 1]);
    expect((await statsOf(run)).map(({ images }) => images)).toEqual([4]);
    const numbers = ({ machine, ...line }: StatsLine) => line;
    const { stats } = await trained({ out: run });
    expect(stats.map(numbers)).toEqual((await statsOf(base)).map(numbers));
    expect(await bytesOf(run, "model/weights.safetensors")).toEqual(
      await bytesOf(base, "model/weights.safetensors"),
    );
  });

  it("skips broken photos, names each once and counts them", async () => {
    const data = [await writePhotos(join(folder, "some broken"), 4, 3)];
    const { lines, outcome } = await trained(
      { out: newRun(), images: 40 },
      { data, holdOut: "none", batch: 10 },
    );
    const skipped = lines.filter((line) => line.startsWith("photo skipped:"));
    expect(skipped.map((line) => /broken-\d/.exec(line)?.[0]).sort()).toEqual([
      "broken-0",
      "broken-1",
      "broken-2",
    ]);
    expect(outcome.skippedPhotos).toBe(3);
  });

  it.each([
    [
      "the regression baseline",
      { regression: true },
      { name: "tiny-32-regression", regression: true },
    ],
    [
      "epsilon, with l1 and accumulation",
      { prediction: "epsilon", loss: "l1", accumulate: 2 },
      { prediction: "epsilon" },
    ],
    [
      "v, weighted uniformly, unclipped",
      { prediction: "v", weighting: "uniform", clip: null },
      { prediction: "v" },
    ],
  ] satisfies [string, Partial<TrainingRequest>, object][])(
    "trains %s",
    async (_, wishes, expected) => {
      const { outcome } = await trained({ out: newRun() }, wishes);
      const { config } = await loadModel(outcome.model);
      expect(config).toMatchObject(expected);
      expect(outcome.heldOutLoss!.mean).toBeGreaterThan(0);
      // The worst estimate in [-1, 1] is 2 off.
      expect(outcome.heldOutLoss!.mean).toBeLessThan(4);
    },
  );
});

describe("a run folder", () => {
  it("of other settings is refused, and they are named", async () => {
    const message = await refusal(
      { out: base },
      { loss: "l1", learningRate: 0.5, tasks: ["dejpeg"] },
    );
    expect(message).toMatch(/tasks: colorize,inpaint,uncrop,dejpeg -> dejpeg/);
    expect(message).toMatch(/loss: l2 -> l1; learningRate: 0\.0005 -> 0\.5\)/);
  });

  it("in use is refused", async () => {
    const run = await copied();
    const lock = await lockFolder(run);
    expect(await refusal({ out: run, images: 16 })).toMatch(/already: wait for it/);
    await lock.release();
  });

  it("that is something else is refused and left alone", async () => {
    expect(await refusal({ out: photos })).toMatch(/is not a run folder \(it holds photo-000/);
    expect(await readdir(photos)).toHaveLength(9);
    const file = join(photos, "photo-000.png");
    expect(await refusal({ out: file })).toMatch(/is a file: choose another --out/);
  });

  it("with a damaged checkpoint or configuration says so", async () => {
    const run = await copied();
    await truncate(join(run, "checkpoint.safetensors"), 5000);
    expect(await refusal({ out: run, images: 16 })).toMatch(/checkpoint.* is damaged/);
    await writeFile(join(run, "config.json"), "{}");
    expect(await refusal({ out: run, images: 16 })).toMatch(/is not the configuration/);
    // The model is still there.
    await loadModel(join(run, "model"));
  });

  it.each(["clock.json", "model/config.json"])(
    "whose checkpoint is gone is refused by its %s and left alone",
    async (witness) => {
      const run = await copied();
      const gone = ["checkpoint.safetensors", "clock.json", "model/config.json"];
      for (const name of gone) if (name !== witness) await rm(join(run, name));
      const names = ["config.json", "stats.jsonl", "log.txt", "model/weights.safetensors"];
      const before = await bytesOf(run, ...names);
      expect(await refusal({ out: run, images: 16 })).toMatch(
        /checkpoint\.safetensors is gone.*restore it.*another --out/,
      );
      expect(await bytesOf(run, ...names)).toEqual(before);
      expect(await readdir(run)).not.toContain("lock");
    },
  );

  it("has no model before the first image", async () => {
    const run = newRun();
    const plan = await planTraining({ data: [photos], ...request });
    const outcome = await train(plan, { out: run, signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ end: "stopped", images: 0 });
    expect(await readdir(run)).not.toContain("model");
    expect((await trained({ out: run })).outcome.images).toBe(8);
  });

  it("is cleared of what a killed process left half written", async () => {
    const run = await copied();
    const rest = join(run, ".checkpoint.safetensors.0123456789ab.tmp");
    await writeFile(rest, "half");
    await writeFile(join(run, "stats.jsonl"), '{"images":4,"machine":{}}\n{"images":12,"ma');
    const { stats } = await trained({ out: run, images: 12 });
    expect(await readdir(run)).not.toContain(".checkpoint.safetensors.0123456789ab.tmp");
    expect(stats.map(({ images }) => images)).toEqual([4, 12]);
  });
});

describe("a training that cannot go on", () => {
  it("for a loss that is not finite stops and keeps the last checkpoint", async () => {
    const out = newRun();
    const wishes = { learningRate: 1e30, warmUpImages: 0, clip: null };
    const message = await refusal({ out, images: 400, checkpointEvery: { images: 2 } }, wishes);
    expect(message).toMatch(/no longer (a )?finite.*a lower --lr/);
    expect(await readFile(join(out, "log.txt"), "utf8")).toContain("no longer");
    const left = (await readdir(out)).filter((name) => name === "checkpoint.safetensors");
    if (left.length > 0) expect(await refusal({ out, images: 400 }, wishes)).toMatch(/no longer/);
  });

  it.runIf(process.platform === "linux")("for want of disk space says so in one line", async () => {
    const run = await copied();
    const stats = join(run, "stats.jsonl");
    const plan = await planTraining({ data: [photos], ...request });
    const fill = () => {
      rmSync(stats);
      symlinkSync("/dev/full", stats);
    };
    const written = await readFile(stats);
    const reporter = { line() {}, progress: ({ images }: Progress) => images === 14 && fill() };
    await expect(train(plan, { out: run, images: 16, ...often, reporter })).rejects.toThrow(
      /^The disk is full \([^\n]*stats\.jsonl[^\n]*\): make room, [^\n]*continues[^\n]*$/,
    );
    await rm(stats);
    await writeFile(stats, `${written}{"images":12,"machine":{}}\n{"images":16,"ma`);
    // All 16 images were saved; the line about the last ones is made up for.
    const again = await trained({ out: run, images: 16 });
    expect(again.outcome).toMatchObject({ images: 16, seen: 0 });
    expect(again.stats.map(({ images }) => images)).toEqual([4, 8, 12, 16]);
    expect(again.stats.at(-1)!.heldOutLoss).toBeGreaterThan(0);
    const whole = await trained({ out: newRun(), images: 16 });
    const { machine: _found, ...found } = again.stats.at(-1)!;
    const { machine: _expected, ...expected } = whole.stats.at(-1)!;
    expect(found).toEqual(expected);
    expect(await bytesOf(join(run, "model"), "weights.safetensors")).toEqual(
      await bytesOf(whole.outcome.model, "weights.safetensors"),
    );
  });

  it("for a photo that is gone saves, says so and continues when it is back", async () => {
    // So many that most are not yet read when the first update is done.
    const data = await writePhotos(join(folder, "vanishing"), 60);
    const wishes = { data: [data] };
    const run = newRun();
    const plan = await planTraining({ ...request, ...wishes });
    const away = `${data} away`;
    const reporter = {
      line() {},
      progress: ({ images }: Progress) => images === 2 && renameSync(data, away),
    };
    const message = await failureOf(train(plan, { out: run, images: 20, ...often, reporter }));
    expect(message).toMatch(/photo-\d+\.png does not exist.*the same command continues/);
    expect(await readdir(run)).toContain("checkpoint.safetensors");
    renameSync(away, data);
    const { outcome } = await trained({ out: run, images: 20 }, wishes);
    expect(outcome.skippedPhotos).toBe(0);
    const whole = await trained({ out: newRun(), images: 20 }, wishes);
    expect(await bytesOf(run, ...results)).toEqual(
      await bytesOf(join(whole.outcome.model, ".."), ...results),
    );
  });

  it("for want of photos says so in one line", async () => {
    const data = [await writePhotos(join(folder, "all broken"), 0, 3)];
    const message = await refusal({ out: newRun() }, { data, holdOut: "none" });
    expect(message).toMatch(/^None of the 3 photos can be used/);
  });
});
