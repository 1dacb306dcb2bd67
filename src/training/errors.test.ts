import { renameSync, rmSync, symlinkSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure.ts";
import { bytesOf, often, results, trainingRuns } from "../../test/support/training-runs.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { train } from "../node/training.ts";
import type { Progress } from "./options.ts";

const runs = trainingRuns();
const { newRun, trained, copied, refusal } = runs;

describe("a training that cannot go on", () => {
  it("for a loss that is not finite stops and keeps the last checkpoint", async () => {
    const out = newRun();
    const wishes = { optimizer: { learningRate: 1e30, warmUpImages: 0, clip: null } };
    const message = await refusal({ out, images: 400, checkpointEvery: { images: 2 } }, wishes);
    expect(message).toMatch(/no longer (a )?finite.*a lower --lr/);
    expect(await readFile(join(out, "log.txt"), "utf8")).toContain("no longer");
    const left = (await readdir(out)).filter((name) => name === "checkpoint.safetensors");
    if (left.length > 0) expect(await refusal({ out, images: 400 }, wishes)).toMatch(/no longer/);
  });

  it.runIf(process.platform === "linux")("for want of disk space says so in one line", async () => {
    const run = await copied();
    const stats = join(run, "stats.jsonl");
    const plan = await runs.planned();
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
    expect(again.stats.at(-1)!.validationLoss).toBeGreaterThan(0);
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
    const data = await writePhotos(runs.path("vanishing"), 60);
    const wishes = { data: [data] };
    const run = newRun();
    const plan = await runs.planned(wishes);
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
    const data = [await writePhotos(runs.path("all broken"), 0, 3)];
    const message = await refusal({ out: newRun() }, { data, holdOut: "none" });
    expect(message).toMatch(/^None of 3 photos can be used/);
  });
});
