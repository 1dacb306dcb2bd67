import { describe, expect, it } from "vitest";
import { Random } from "../../src/util/random.ts";
import {
  bytesPerRank,
  bytesSent,
  checkpointInterval,
  playedRun,
  ringSeconds,
  roofline,
  slowdown,
  updateSeconds,
} from "./model.ts";

const link = { latency: 1e-5, bandwidth: 1e9 };

describe("the least time of a step", () => {
  const card = { flops: 1e12, bandwidth: 1e11, bus: 1e10 };

  it("is set by the slowest of three", () => {
    const step = { flops: 1e12, traffic: 0, transfer: 0 };
    expect(roofline(step, card)).toEqual({ seconds: 1, limit: "arithmetic" });
    expect(roofline({ ...step, traffic: 2e11 }, card)).toEqual({ seconds: 2, limit: "memory" });
    expect(roofline({ ...step, transfer: 3e10 }, card)).toEqual({ seconds: 3, limit: "bus" });
  });

  it("does not know a bus where there is one memory", () => {
    const step = { flops: 1e12, traffic: 0, transfer: 1e12 };
    expect(roofline(step, { flops: 1e12, bandwidth: 1e11 }).limit).toBe("arithmetic");
  });
});

describe("the messages of an update", () => {
  it("are none of one rank", () => {
    expect(ringSeconds(1e9, 1, link)).toBe(0);
    expect(bytesSent(1e9, 1)).toBe(0);
  });

  it("take all but a part of the vector over the link, whatever the ranks", () => {
    expect(ringSeconds(1e9, 4, link)).toBeCloseTo(3 * (1e-5 + 0.25), 9);
    expect(bytesSent(1e9, 4)).toBe(1.5e9);
  });

  it("count as far as they outlast the work beside them", () => {
    const step = { vector: 1e9, ranks: 2, link, compute: 10 };
    expect(updateSeconds({ ...step, beside: 5 })).toBe(15);
    expect(updateSeconds({ ...step, beside: 0 })).toBeCloseTo(10 + 2 * (0.5 + 1e-5), 9);
  });
});

describe("a rank's memory", () => {
  it("falls with the ranks from six vectors to three", () => {
    expect(bytesPerRank(1, 1)).toBe(6);
    expect(bytesPerRank(1, 1e9)).toBeCloseTo(3, 6);
  });
});

describe("failures", () => {
  const failures = { interval: 1000, checkpoint: 20, restart: 100, mtbf: 20_000 };

  it("cost nothing but the checkpoints where they are rare", () => {
    const rare = { ...failures, mtbf: 1e12 };
    expect(slowdown(rare)).toBeCloseTo(1.02, 4);
  });

  it("are met best by Young's interval, nearly", () => {
    const interval = checkpointInterval(failures.checkpoint, failures.mtbf);
    const at = (factor: number) => slowdown({ ...failures, interval: factor * interval });
    expect(at(1)).toBeLessThan(at(0.7));
    expect(at(1)).toBeLessThan(at(1.5));
  });

  it("played through take as long as Daly says", () => {
    const random = Random.from("scale", "failures");
    const work = 2e7;
    const played = playedRun(work, failures, () => random.between(0, 1)) / work;
    expect(Math.abs(played / slowdown(failures) - 1)).toBeLessThan(0.02);
  });
});
