import { describe, expect, it } from "vitest";
import { UsageError } from "./errors.ts";
import { isInShard, parseShard, shardName } from "./shard.ts";

const slurm = (id: number, min: number, max: number, count: number, step?: number) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_MAX: String(max),
  SLURM_ARRAY_TASK_COUNT: String(count),
  ...(step !== undefined && { SLURM_ARRAY_TASK_STEP: String(step) }),
});

describe("a shard", () => {
  it.each([
    ["2/8", {}, "2/8"],
    ["1/1", {}, "1/1"],
    ["2/8", slurm(0, 0, 3, 4), "2/8"],
    // --array=0-3, 1-4, 0-12:4, and a single task.
    ["env", slurm(0, 0, 3, 4), "1/4"],
    ["env", slurm(3, 0, 3, 4, 1), "4/4"],
    ["env", slurm(1, 1, 4, 4), "1/4"],
    ["env", slurm(8, 0, 12, 4, 4), "3/4"],
    ["env", slurm(0, 0, 0, 1), "1/1"],
    // Task 3 of --array=0-7 once more, by --array=3.
    ["env/8", slurm(3, 3, 3, 1), "4/8"],
    ["env/4", { JOB_COMPLETION_INDEX: "0" }, "1/4"],
    ["env", { JOB_COMPLETION_INDEX: "3", PALETTE_SHARDS: "4" }, "4/4"],
  ])("is read from %s in %j as %s", (text, environment, expected) => {
    expect(shardName(parseShard(text, environment))).toBe(expected);
  });

  it.each([
    ["0/4", {}, /--shard 0\/4 is none of 4 shards/],
    ["5/4", {}, /none of 4 shards/],
    ["1/0", {}, /none of 0 shards/],
    ["", {}, /k from 1 to N/],
    ["2", {}, /k from 1 to N/],
    ["a/4", {}, /k from 1 to N/],
    ["1/4/2", {}, /k from 1 to N/],
    ["-1/4", {}, /k from 1 to N/],
    ["env", {}, /neither/],
    ["env", { JOB_COMPLETION_INDEX: "1" }, /how many shards/],
    ["env/4", { JOB_COMPLETION_INDEX: "4" }, /\$JOB_COMPLETION_INDEX = 4 is none of 4 shards/],
    ["env/4", { JOB_COMPLETION_INDEX: "x" }, /no whole number: x/],
    ["env", slurm(5, 1, 7, 3), /not a plain range/],
    ["env", { SLURM_ARRAY_TASK_ID: "5" }, /not a plain range/],
  ])("is refused for %s in %j", (text, environment, message) => {
    expect(() => parseShard(text, environment)).toThrow(UsageError);
    expect(() => parseShard(text, environment)).toThrow(message);
  });

  it("has each part once among all shards", () => {
    for (const of of [1, 3, 8]) {
      for (let part = 0; part < 20; part++) {
        const takers = Array.from({ length: of }, (_, k) => ({ number: k + 1, of }));
        expect(takers.filter((shard) => isInShard(part, shard))).toHaveLength(1);
      }
    }
  });
});
