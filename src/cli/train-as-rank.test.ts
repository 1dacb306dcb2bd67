import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { largest, largestDifference } from "../../test/support/differentiation.ts";
import { type Job, mpirun, skipsMpirun, until } from "../../test/support/mpirun.ts";
import { trainingRuns } from "../../test/support/training-runs.ts";
import { uNetConfig } from "../nn/config.ts";
import { readCheckpoint } from "../node/training-checkpoint.ts";
import { wholeState } from "../training/ranks/state.ts";
import { emptyState } from "../training/step/strategy.ts";

const runs = trainingRuns(false);
const network = uNetConfig.parse({
  ...{ resolution: 8, base: 4, multipliers: [1], blocks: 1, attention: [] },
  ...{ headChannels: 4, groups: 2 },
});

async function checkpointOf(run: string) {
  const state = emptyState(network);
  const counters = await readCheckpoint(join(run, "checkpoint.safetensors"), wholeState(state));
  return { state, images: counters?.images ?? 0 };
}

const savedIn = (run: string) =>
  existsSync(join(run, "log.txt"))
    ? readFileSync(join(run, "log.txt"), "utf8").split(" saved at ").length - 1
    : 0;

describe.skipIf(skipsMpirun)("palette train under mpirun", () => {
  it("goes on after a rank was killed, with another number of ranks, as one process would", async () => {
    const run = runs.newRun();
    const file = runs.path("network.json");
    await writeFile(file, JSON.stringify(network));
    const start = (ranks: number, images: number): Job =>
      mpirun(ranks, [
        ...["train", "--data", runs.photos(), "--network", file, "--out", run],
        ...["--preset", "tiny-32", "--tasks", "colorize,inpaint", "--batch", "6", "--seed", "3"],
        ...["--threads", "1", "--warmup", "0", "--images", String(images)],
        ...["--checkpoint-every", "60", "--held-out-every", "1000000"],
        ...["--samples-every", "1000000"],
      ]);
    let before = 0;
    for (const [ranks, victim] of [
      [2, 1],
      [3, 0],
    ] as const) {
      const job = start(ranks, 1_000_000);
      const saved = savedIn(run);
      await until(() => savedIn(run) >= saved + 2, job);
      process.kill(job.pid(victim), "SIGKILL");
      expect(await job.ended).not.toBe(0);
      const { images } = await checkpointOf(run);
      expect(images).toBeGreaterThan(before);
      before = images;
    }
    const images = before + 60;
    const last = start(2, images);
    expect(await last.ended, last.text()).toBe(0);
    expect(last.text()).toContain("2 ranks instead of 3");
    const whole = runs.newRun();
    await runs.trained(
      { out: whole, images, heldOutEvery: 1e6, samplesEvery: 1e6 },
      { preset: "tiny-32", network, optimizer: { batch: 6, warmUpImages: 0 } },
    );
    const [found, expected] = [await checkpointOf(run), await checkpointOf(whole)];
    expect(found.images).toBe(images);
    expect(found.state.step).toBe(expected.state.step);
    for (const name of ["parameters", "ema", "m", "v"] as const) {
      const difference = largestDifference(found.state[name], expected.state[name]);
      // Sums are rounded in other orders, step after step.
      expect(difference).toBeLessThan(1e-3 * largest(expected.state[name]));
    }
    // Seven processes start one after the other, two or three at a time.
  }, 300_000);
});
