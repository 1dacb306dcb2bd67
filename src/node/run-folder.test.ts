import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure.ts";
import { bytesOf, trainingRuns } from "../../test/support/training-runs.ts";
import { lockFolder } from "./folder-lock.ts";
import { loadModel } from "./model-folder.ts";
import { train } from "./training.ts";

const runs = trainingRuns();
const { newRun, trained, copied, refusal } = runs;

describe("a run folder", () => {
  it("of other settings is refused, and they are named", async () => {
    const message = await refusal(
      { out: runs.base() },
      { objective: { loss: "l2" }, optimizer: { learningRate: 0.5 }, tasks: ["dejpeg"] },
    );
    expect(message).toMatch(/tasks: colorize,inpaint -> dejpeg/);
    expect(message).toMatch(
      /objective\.loss: l1 -> l2;.*optimizer\.learningRate: 0\.0005 -> 0\.5\)/,
    );
  });

  it("within the folder of its photos is continued: its sheets are no photos", async () => {
    const data = runs.path("with-run");
    await cp(runs.photos(), data, { recursive: true });
    const out = join(data, "run");
    await cp(runs.base(), out, { recursive: true });
    const { outcome, lines } = await trained({ out, images: 8 }, { data: [data] });
    expect(outcome).toMatchObject({ images: 8, seen: 0 });
    expect(lines).toContain(`left out of the photos: ${out}, which is a run folder`);
  });

  it("of other photos is refused: which came, went and changed, and what to do", async () => {
    const run = await copied();
    const data = runs.path("other-photos");
    await cp(runs.photos(), data, { recursive: true });
    await rm(join(data, "photo-003.png"));
    await writeFile(join(data, "photo-004.png"), "edited");
    for (const name of ["x.png", "y.png"]) await writeFile(join(data, name), "new");
    expect(await refusal({ out: run }, { data: [data] })).toBe(
      `${run} is a run with other photos (2 came (x.png, y.png), 1 went (photo-003.png), 1 changed (photo-004.png)): give the same ones to continue, or begin a new run with these weights, by --from ${join(run, "model")} and another --out.`,
    );
    const both = await refusal({ out: run }, { data: [data], seed: 4 });
    expect(both).toMatch(/other settings \(seed: 3 -> 4; photos: 2 came/);
    // As before there was a list.
    await rm(join(run, "photos.tsv"));
    expect(await refusal({ out: run }, { data: [data] })).toMatch(
      /other photos \(9 then, 10 now; which ones was not recorded/,
    );
  });

  it("of a photo that was edited and has its old size is refused; copies are the same photos", async () => {
    const run = await copied();
    const data = runs.path("edited-photos");
    await cp(runs.photos(), data, { recursive: true });
    await trained({ out: run, images: 8 }, { data: [data] });
    const file = join(data, "photo-004.png");
    const bytes = await readFile(file);
    bytes[bytes.length - 20]! ^= 1;
    await writeFile(file, bytes);
    expect(await refusal({ out: run }, { data: [data] })).toMatch(
      /is a run with other photos \(1 changed \(photo-004\.png\)\)/,
    );
  });

  it("without a list of its photos gets one when it goes on", async () => {
    const run = await copied();
    await rm(join(run, "photos.tsv"));
    await trained({ out: run, images: 8 });
    const list = await readFile(join(run, "photos.tsv"), "utf8");
    expect(list).toMatch(/^\S+\tphoto-000\.png\n/);
    expect(list.trimEnd().split("\n")).toHaveLength(9);
  });

  it("in use is refused", async () => {
    const run = await copied();
    const lock = await lockFolder(run);
    expect(await refusal({ out: run, images: 16 })).toMatch(/already: wait for it/);
    await lock.release();
  });

  it("that another machine has taken over meanwhile is left to that one", async () => {
    const run = await copied();
    const before = await bytesOf(run, "checkpoint.safetensors");
    const reporter = { line() {}, progress: () => writeFileSync(join(run, "lock"), "another's") };
    const plan = await runs.planned({ out: run });
    const training = train(plan, { out: run, images: 16, reporter });
    expect(await failureOf(training)).toMatch(/has taken .* over/);
    expect(await bytesOf(run, "checkpoint.safetensors")).toEqual(before);
  });

  it("that is something else is refused and left alone", async () => {
    expect(await refusal({ out: runs.photos() })).toMatch(
      /is not a run folder \(it holds photo-000/,
    );
    expect(await readdir(runs.photos())).toHaveLength(9);
    const file = join(runs.photos(), "photo-000.png");
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
    const plan = await runs.planned();
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

  it("does not wait for whoever reads or writes a pipe in it", async () => {
    const run = await copied();
    for (const name of ["log.txt", "stats.jsonl"]) {
      await rm(join(run, name), { force: true });
      execFileSync("mkfifo", [join(run, name)]);
    }
    await expect(trained({ out: run, images: 12 })).rejects.toThrow(
      /stats\.jsonl cannot be read: it is a pipe, not a file\.$/,
    );
    await rm(join(run, "stats.jsonl"));
    expect((await trained({ out: run, images: 12 })).outcome.images).toBe(12);
  });
});
