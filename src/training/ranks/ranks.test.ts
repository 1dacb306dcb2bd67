import { beforeAll, describe, expect, it } from "vitest";
import { largest, largestDifference } from "../../../test/support/differentiation.ts";
import { memoryStore } from "../../../test/support/memory-store.ts";
import { localRanks } from "../../../test/support/ranks.ts";
import { smallestUNet } from "../../../test/support/smallest-unet.ts";
import { often, trainingRuns } from "../../../test/support/training-runs.ts";
import { nodePlatform, type TrainingRequest } from "../../node/training.ts";
import type { TrainingOptions } from "../options.ts";
import type { TrainingPlatform } from "../platform.ts";
import type { DataParallelStart } from "../step/data-parallel-replica.ts";
import { vectorNames } from "../step/optimizer.ts";
import { partitionOf } from "../step/strategy.ts";
import { runTraining } from "../train.ts";
import { followTraining } from "./follower.ts";
import { Leader } from "./leader.ts";
import { pack, partition, unpack } from "./partition.ts";

const runs = trainingRuns(false);
const network = smallestUNet;

/** Trains on so many ranks in this process. */
async function trainedOn(
  size: number,
  options: Partial<TrainingOptions> & {
    store?: ReturnType<typeof memoryStore>;
    platform?: TrainingPlatform;
  } = {},
  wishes: Partial<TrainingRequest> = {},
) {
  const { store = memoryStore(), platform = nodePlatform, ...rest } = options;
  const plan = await runs.planned({ network, ...wishes });
  const lines: string[] = [];
  const reporter = { line: (text: string) => lines.push(text), progress() {} };
  const all = { images: 8, ...often, reporter, ...rest };
  if (size === 1)
    return { store, lines, outcome: await runTraining(plan, store, platform, all), ends: [] };
  const [first, ...others] = localRanks(size);
  const leader = new Leader(first!, partitionOf(plan.config.network, first));
  const following = others.map((rank) => followTraining(plan, platform, rank, {}));
  const leading = runTraining(plan, store, { ...platform, leader }, all).finally(() =>
    leader.end(false),
  );
  const [outcome, ...ends] = await Promise.all([leading, ...following]);
  return { store, lines, outcome, ends };
}

const stateOf = ({ store }: { store: ReturnType<typeof memoryStore> }) =>
  store.kept.checkpoint!.vectors;

describe("ranks", () => {
  it("compile the same graph, also with --recompute", async () => {
    const graphs: Uint8Array[] = [];
    const platform: TrainingPlatform = {
      ...nodePlatform,
      spawn(strategy, start) {
        graphs.push((start as DataParallelStart).model);
        return nodePlatform.spawn(strategy, start);
      },
    };
    await trainedOn(2, { images: 2, heldOutEvery: 100, platform }, { recompute: true });
    const [one, two] = graphs;
    expect(Buffer.compare(one!, two!)).toBe(0);
  });
});

describe("ranks that train together", () => {
  const ten = { images: 100, statsEvery: 10, heldOutEvery: 100 };
  const wishes = {
    optimizer: { batch: 5, accumulate: 2, warmUpImages: 0, postHocEma: true },
  } as const;
  let one: Awaited<ReturnType<typeof trainedOn>>;
  let two: typeof one;
  beforeAll(async () => {
    one = await trainedOn(1, ten, wishes);
    two = await trainedOn(2, ten, wishes);
  });

  it.each([2, 3])("make the weights and statistics of one, to rounding: %d", async (ranks) => {
    const several = ranks === 2 ? two : await trainedOn(ranks, ten, wishes);
    expect(several.outcome).toMatchObject({ end: "images", images: 100, steps: 10 });
    for (const name of vectorNames) {
      const [found, expected] = [stateOf(several).get(name)!, stateOf(one).get(name)!];
      expect(largestDifference(found, expected)).toBeLessThan(1e-5 * largest(expected));
    }
    const [found, expected] = [several.store.kept.stats, one.store.kept.stats];
    expect(found.map(({ images }) => images)).toEqual(expected.map(({ images }) => images));
    for (const [k, line] of found.entries()) {
      expect(line.loss / expected[k]!.loss).toBeCloseTo(1, 5);
      for (const [task, loss] of Object.entries(expected[k]!.lossByTask))
        expect(line.lossByTask[task]! / loss).toBeCloseTo(1, 5);
    }
    expect(several.outcome.validationLoss!.mean).toBeCloseTo(one.outcome.validationLoss!.mean, 5);
  });

  it("give the same bytes again when another number of ranks went on in between", async () => {
    const store = memoryStore();
    const first = await trainedOn(2, { ...ten, images: 50, store }, wishes);
    expect(first.outcome).toMatchObject({ images: 50, steps: 5 });
    const half = new Map([...stateOf(first)].map(([name, all]) => [name, all.slice()]));
    await trainedOn(1, { ...ten, images: 60, store }, wishes);
    const last = await trainedOn(2, { ...ten, store }, wishes);
    expect(last.outcome).toMatchObject({ seen: 40, images: 100 });
    const expected = stateOf(two).get("parameters")!;
    expect(largestDifference(stateOf(last).get("parameters")!, expected)).toBeLessThan(
      1e-5 * largest(expected),
    );
    const again = memoryStore();
    await trainedOn(2, { ...ten, images: 50, store: again }, wishes);
    expect(again.kept.checkpoint!.vectors).toEqual(half);
  });

  it("save and end when they are told to, half way through an update", async () => {
    const stop = new AbortController();
    const reporter = {
      line() {},
      progress() {},
      part: (what: string, done: number) => {
        if (what.startsWith("images") && done > 0) stop.abort();
      },
    };
    const options = { images: 80, signal: stop.signal, reporter };
    const { outcome, ends } = await trainedOn(2, options, {
      optimizer: { batch: 2, accumulate: 4 },
    });
    expect(outcome).toMatchObject({ end: "stopped", images: 0 });
    expect(ends).toEqual([true]);
  });
});

describe("the partition", () => {
  it("deals out each bucket, and puts back what it packed", () => {
    const whole = Float32Array.from({ length: 23 }, (_, i) => i);
    const found = new Float32Array(23);
    for (let rank = 0; rank < 3; rank++) {
      const parts = partition(23, { rank, size: 3 }, 8);
      const packed = new Float32Array(parts.owned);
      for (const at of [0, 5, 11])
        pack(parts, packed, at, whole.subarray(at, { 0: 5, 5: 11, 11: 23 }[at]));
      for (const bucket of parts.buckets) unpack(bucket, packed, found.subarray(bucket.start));
    }
    expect(found).toEqual(whole);
  });

  it("leaves a rank a share of average and moments", () => {
    const owned = [0, 1, 2].map((rank) => partition(3_000_001, { rank, size: 3 }).owned);
    expect(owned.reduce((sum, count) => sum + count)).toBe(3_000_001);
    expect(Math.max(...owned)).toBeLessThan(1_000_004);
  });
});
