import { describe, expect, it } from "vitest";
import { presetNamed } from "../models/presets.ts";
import { defaultAugmentation } from "../models/settings/augmentation.ts";
import { paperObjective } from "../models/settings/objective.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { trainingMemory } from "./memory.ts";
import { dataParallel } from "./step/data-parallel.ts";

/** Estimated bytes of training a large network at 256x256 pixels. */
function needed(
  wishes: { batch?: number; accumulate?: number; photos?: number; consistencyImages?: number } = {},
): number {
  const { batch = 1, accumulate = 1, photos = 7, ...objective } = wishes;
  return trainingMemory({
    network: presetNamed("pytorch-256").network,
    objective: { prediction: "epsilon", ...paperObjective, ...objective },
    optimizer: { ...presetNamed("pytorch-256").optimizer, batch, accumulate },
    augmentation: { ...defaultAugmentation, cropScale: "half..full" },
    machine: { threads: 2, folders: [] },
    photos: { training: photos, heldOut: 0, holdOut: "none", digests: [] },
  }).bytes;
}

describe("the memory that a training is said to need", () => {
  it("grows by two batches of three pictures and a weight for each pixel", () => {
    const picture = 4 * (3 * 3 + 1) * 256 ** 2;
    expect(needed({ batch: 1024 }) - needed({ batch: 2 })).toBe(2 * 1022 * picture);
  });

  it("does not grow with what is accumulated", () => {
    expect(needed({ batch: 16, accumulate: 64 })).toBe(needed({ batch: 16 }));
  });

  it("counts the nearer images of consistency tuning", () => {
    const nearer = 2 * 4 * 3 * 256 ** 2;
    expect(needed({ consistencyImages: 100 }) - needed()).toBeGreaterThanOrEqual(nearer);
  });

  it("is less where blocks are computed again", () => {
    const { network } = presetNamed("tiny-32");
    const size = { network, batch: 16, accumulate: 1, averages: 1, threads: 2 };
    const bytes = (recompute: boolean) =>
      dataParallel.memory({ ...size, loss: "l2", recompute }, parameterSpecs(network));
    expect(bytes(true)).toBeLessThan(0.8 * bytes(false));
  });

  // `palette bench --preset NAME --mode train --batch 16 --threads 2`: see docs/results/memory.md.
  it.each([
    ["tiny-32", 425e6],
    ["small-64", 1237e6],
  ])("is within a quarter of what %s was measured to take", (name, measured) => {
    const { network, objective, optimizer } = presetNamed(name);
    const { bytes } = trainingMemory({
      network,
      objective,
      optimizer: { ...optimizer, batch: 16, accumulate: 1 },
      augmentation: defaultAugmentation,
      machine: { threads: 2, folders: [] },
      photos: { training: 0, heldOut: 0, holdOut: "none", digests: [] },
    });
    expect(Math.abs(bytes / measured - 1)).toBeLessThan(0.25);
  });

  it("counts the photos that stay decoded, up to 1 GiB", () => {
    const none = needed({ photos: 0 });
    expect(needed({ photos: 10 }) - none).toBeCloseTo(10 * 3 * 1.5 * 1024 ** 2, -3);
    expect(needed({ photos: 100_000 }) - none).toBe(2 ** 30);
  });
});
