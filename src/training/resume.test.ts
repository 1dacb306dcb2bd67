import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  numbersOf,
  often,
  results,
  statsOf,
  trainingRuns,
} from "../../test/support/training-runs.ts";
import { train } from "../node/training.ts";

const runs = trainingRuns();
const { newRun, trained, copied } = runs;

describe("a training in several sessions", () => {
  it("goes on when asked for more, with the bytes of one that was asked at once", async () => {
    const [run, whole] = [await copied(), newRun()];
    const again = await trained({ out: run });
    expect(again.outcome).toMatchObject({ end: "images", images: 8, seen: 0 });
    expect(again.lines.join()).toContain("8 images already");
    const more = await trained({ out: run, images: 13 });
    expect(more.outcome).toMatchObject({ end: "images", images: 14, seen: 6, steps: 7 });
    const atOnce = await trained({ out: whole, images: 14 });
    expect(await bytesOf(run, ...results)).toEqual(await bytesOf(whole, ...results));
    expect(more.stats.map(numbersOf)).toEqual(atOnce.stats.map(numbersOf));
  });

  it("killed before its last look makes up for it", async () => {
    const run = await copied();
    const sheet = join("samples", "000008.png");
    await rm(join(run, sheet));
    const { outcome, lines } = await trained({ out: run });
    expect(outcome).toMatchObject({ end: "images", images: 8, seen: 0 });
    expect(outcome.validationLoss!.mean).toBeGreaterThan(0);
    expect(lines.at(-1)).toContain("8 images already");
    expect(await bytesOf(run, sheet)).toEqual(await bytesOf(runs.base(), sheet));
  });

  it("counts hours over all sessions", async () => {
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
    const plan = await runs.planned();
    const run = newRun();
    const outcome = await train(plan, {
      out: run,
      ...often,
      signal: stop.signal,
      reporter: { line() {}, progress: ({ images }) => images === 8 && stop.abort() },
    });
    expect(outcome).toMatchObject({ end: "stopped", images: 8 });
    const names = ["model/weights.safetensors", "model/config.json"];
    expect(await bytesOf(run, ...names)).toEqual(await bytesOf(runs.base(), ...names));
    // What was due at 8 images and was not looked at any more is made up for, once.
    for (let session = 0; session < 2; session++) {
      const { stats } = await trained({ out: run });
      expect(stats.map(({ images }) => images)).toEqual([4, 8]);
      expect(await bytesOf(run, ...results)).toEqual(await bytesOf(runs.base(), ...results));
    }
  });

  it("gives an update up half way when it is told to stop, and makes it anew", async () => {
    const wishes = { optimizer: { accumulate: 3 } };
    const plan = await runs.planned(wishes);
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
    const plan = await runs.planned();
    const [run, calls] = [newRun(), [] as number[]];
    const part = (what: string, done: number, total: number) => {
      if (!what.startsWith("network calls")) return;
      // Two held-out photos for each of two tasks.
      expect(total).toBe(4);
      calls.push(done);
      if (done === 1) stop.abort();
    };
    const reporter = { line() {}, progress() {}, part };
    const options = { out: run, images: 16, ...often, signal: stop.signal, reporter };
    expect(await train(plan, options)).toMatchObject({ end: "stopped", images: 8 });
    expect(calls).toEqual([0, 1]);
    expect((await statsOf(run)).map(({ images }) => images)).toEqual([4]);
    const { stats } = await trained({ out: run });
    expect(stats.map(numbersOf)).toEqual((await statsOf(runs.base())).map(numbersOf));
    expect(await bytesOf(run, "model/weights.safetensors")).toEqual(
      await bytesOf(runs.base(), "model/weights.safetensors"),
    );
  });
});
