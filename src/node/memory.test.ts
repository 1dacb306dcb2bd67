import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { failureOf } from "../../test/support/failure.ts";
import { createImage } from "../image/image.ts";
import { presetNamed } from "../models/presets.ts";
import { inGigabytes } from "../util/format.ts";
import { planEvaluation } from "./evaluate.ts";
import { loadNetwork } from "./load-network.ts";
import { assertFits, availableMemory } from "./memory.ts";
import { saveModel } from "./model-folder.ts";
import { Palette } from "./palette.ts";
import { planTraining, train } from "./training.ts";

/** A container that leaves this process so many bytes. */
function leave(bytes: number): void {
  const { rss } = process.memoryUsage();
  vi.spyOn(process, "constrainedMemory").mockReturnValue(rss + bytes);
  vi.spyOn(process.memoryUsage, "rss").mockReturnValue(rss);
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("available memory", () => {
  it("is within the machine's, and within a container's limit less what is in use", () => {
    expect(availableMemory()).toBeGreaterThan(0);
    expect(availableMemory()).toBeLessThan(totalmem());
    leave(50e6);
    expect(availableMemory()).toBe(50e6);
  });

  it("does not take an unlimited container for a limit", () => {
    for (const unlimited of [0, 2 ** 63, 2 ** 64]) {
      vi.spyOn(process, "constrainedMemory").mockReturnValue(unlimited);
      expect(availableMemory()).toBeGreaterThan(0);
    }
  });
});

describe("what does not fit", () => {
  it("is refused with both numbers and what to do", () => {
    leave(400e6);
    expect(() => assertFits(400e6, "This")).not.toThrow();
    expect(() => assertFits(2.24e9, "This", "ask for less")).toThrow(
      /^This needs about 2\.2 GB of memory, but 400 MB can be had: ask for less \(PALETTE_MEMORY_CHECK=off tries anyway\)\.$/,
    );
    const remedy = vi.fn(() => "do less");
    assertFits(300e6, "This", remedy);
    expect(remedy).not.toHaveBeenCalled();
    expect(() => assertFits(2.24e9, "This", remedy)).toThrow("can be had: do less (");
    vi.stubEnv("PALETTE_MEMORY_CHECK", "off");
    expect(() => assertFits(2e12, "This")).not.toThrow();
    expect(inGigabytes(999.1e6)).toBe("1000 MB");
  });

  it("is refused before a large picture is restored", async () => {
    const { config } = randomModel();
    const predict = vi.fn(async () => new Float32Array());
    const palette = new Palette({ config, predict, assertFits, dispose: async () => {} });
    leave(100e6);
    await expect(palette.dejpeg(createImage(1000, 800), { samples: 2 })).rejects.toThrow(
      /^Restoring 1000x800 pixels 2 times needs about \d+ MB .* take a smaller picture or fewer samples/,
    );
    expect(predict).not.toHaveBeenCalled();
  });

  it("is refused before sampling: by the library, a palette and an evaluation", async () => {
    const folder = await mkdtemp(join(tmpdir(), "palette-memory-"));
    const model = randomModel();
    await saveModel(folder, model);
    leave(20e6);
    const expected = /Sampling with random needs about \d+ MB of memory, but 20 MB can be had/;
    expect(await failureOf(loadNetwork(model))).toMatch(expected);
    expect(await failureOf(Palette.load(folder))).toMatch(expected);
    expect(await failureOf(planEvaluation({ data: ["samples"], models: [folder] }))).toMatch(
      expected,
    );
    await rm(folder, { recursive: true });
  });

  it("is refused before training, with what needs less", async () => {
    const plan = await planTraining({ data: ["samples"], preset: "tiny-32", threads: 2 });
    const out = join(tmpdir(), "palette-memory-never-made");
    leave(400e6);
    expect(await failureOf(train(plan, { out }))).toMatch(
      /^Training tiny-32 needs about .* but 400 MB can be had: --recompute \(needs \d+ MB\), a smaller --batch \(1 needs \d+ MB\) with --accumulate/,
    );
  });

  it("says of the paper's network what it needs, beyond any graph's 2 GB", async () => {
    const { network } = presetNamed("paper-256");
    const { config } = randomModel({ network });
    const folder = await mkdtemp(join(tmpdir(), "palette-memory-"));
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    leave(50e6);
    expect(await failureOf(loadNetwork(folder))).toMatch(
      /needs about 3\.\d GB of memory, but 50 MB/,
    );
    await rm(folder, { recursive: true });
  });
});
