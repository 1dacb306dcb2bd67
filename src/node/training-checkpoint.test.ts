import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunningMeans } from "../training/metrics-log.ts";
import { wholeState } from "../training/ranks/state.ts";
import { dataParallel } from "../training/step/data-parallel.ts";
import type { TrainingState } from "../training/step/optimizer.ts";
import { PaletteError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { readCheckpoint, writeCheckpoint } from "./training-checkpoint.ts";

function stateOf(length: number, seed?: number): TrainingState {
  const vector = (name: string) => {
    const values = dataParallel.vector(length);
    return seed === undefined ? values : Random.from(seed, name).fillNormal(values);
  };
  return {
    parameters: vector("p"),
    ema: vector("e"),
    m: vector("m"),
    v: vector("v"),
    step: seed === undefined ? 0 : 12,
  };
}

function meansOf(): RunningMeans {
  const means = new RunningMeans();
  means.add([0.1, 0.7], ["inpaint", "colorize"], 1 / 3);
  return means;
}

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-checkpoint-"));
  path = join(folder, "checkpoint.safetensors");
});
afterAll(() => rm(folder, { recursive: true }));

describe("a checkpoint", () => {
  it("gives everything back exactly, means in float64 included", async () => {
    const state = stateOf(1000, 1);
    await writeCheckpoint(path, wholeState(state), { images: 96, means: meansOf().toData() });
    const found = stateOf(1000);
    const counters = await readCheckpoint(path, wholeState(found));
    expect(found).toEqual(state);
    expect(counters?.images).toBe(96);
    const [resumed, going] = [new RunningMeans(counters?.means), meansOf()];
    for (const means of [resumed, going]) means.add([1e-9], ["inpaint"], 0.1);
    expect(resumed.means(["colorize", "inpaint"])).toEqual(going.means(["colorize", "inpaint"]));
  });

  it("has the same bytes for the same state", async () => {
    await writeCheckpoint(path, wholeState(stateOf(64, 1)), {
      images: 96,
      means: meansOf().toData(),
    });
    const first = await readFile(path);
    await writeCheckpoint(path, wholeState(stateOf(64, 1)), {
      images: 96,
      means: meansOf().toData(),
    });
    expect(await readFile(path)).toEqual(first);
  });

  it("may be missing", async () => {
    expect(await readCheckpoint(join(folder, "none"), wholeState(stateOf(4)))).toBeUndefined();
  });

  it("is refused in one line wherever it is damaged, and leaves the state alone", async () => {
    await writeCheckpoint(path, wholeState(stateOf(64, 1)), {
      images: 96,
      means: meansOf().toData(),
    });
    const whole = await readFile(path);
    const damaged = join(folder, "damaged.safetensors");
    const random = Random.from("damage");
    const versions: Uint8Array[] = [];
    for (let i = 0; i < 60; i++) {
      versions.push(whole.subarray(0, random.integer(0, whole.length - 1)));
      const flipped = Uint8Array.from(whole);
      // In the numbers; a flip in the header's spaces or digits may go unnoticed.
      flipped[random.integer(whole.length - 1024, whole.length - 1)]! ^= 1 << random.integer(0, 7);
      versions.push(flipped);
    }
    for (const bytes of versions) {
      await writeFile(damaged, bytes);
      const state = stateOf(64);
      const thrown = await readCheckpoint(damaged, wholeState(state)).then(
        () => "read",
        (error: unknown) => error,
      );
      expect(thrown).toBeInstanceOf(PaletteError);
      expect((thrown as Error).message).toMatch(/^The checkpoint [^\n]* is damaged [^\n]*--out/);
      expect(state).toEqual(stateOf(64));
    }
  });

  it("of another network is refused", async () => {
    await writeCheckpoint(path, wholeState(stateOf(64, 1)), {
      images: 96,
      means: meansOf().toData(),
    });
    await expect(readCheckpoint(path, wholeState(stateOf(65)))).rejects.toThrow(/another network/);
  });

  it("is not made of numbers that are not finite; the old one stays", async () => {
    await writeCheckpoint(path, wholeState(stateOf(64, 1)), {
      images: 96,
      means: meansOf().toData(),
    });
    const before = await readFile(path);
    const state = stateOf(64, 2);
    state.ema[3] = Number.POSITIVE_INFINITY;
    await expect(
      writeCheckpoint(path, wholeState(state), { images: 97, means: meansOf().toData() }),
    ).rejects.toThrow(/no longer finite/);
    expect(await readFile(path)).toEqual(before);
  });
});
