import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { differences, parseRunConfig } from "../../training/run-config.ts";
import { parseModelConfig } from "../config.ts";

const fixture = (name: string) =>
  readFile(new URL(`../../../test/fixtures/config/${name}`, import.meta.url), "utf8");

describe("a configuration of format 1", () => {
  it("of the bundled model is read, and stays when it is written", async () => {
    const model = parseModelConfig(await fixture("model-format-1.json"), "config.json");
    expect(model).toMatchObject({
      format: 2,
      objective: {
        prediction: "x0-skip",
        loss: "rms",
        weighting: "balanced",
        noiseLevels: "log-normal",
      },
      sampler: { sampler: "ddim", eta: 1, spacing: "logsnr", sigmaMin: 0.05 },
      training: {
        images: 79248,
        hours: 12.1,
        steps: 4953,
        optimizer: { batch: 16, learningRate: 1e-4, emaDecay: 0.9998 },
        augmentation: { cropScale: "half..full", jpegQuality: "paper", gray: 0, vary: true },
        photos: { holdOut: "every:7:1" },
        from: { name: "small-64", images: 776480 },
      },
      released: "2026-11-26",
    });
    expect(model.objective).not.toHaveProperty("regression");
    expect(model.training).not.toHaveProperty("loss");
    expect(parseModelConfig(JSON.stringify(model), "config.json")).toEqual(model);
  });

  it("of a run is read, and differs in nothing from itself in format 2", async () => {
    const text = await fixture("run-format-1.json");
    const run = parseRunConfig(text, "config.json");
    expect(run).toMatchObject({
      format: 2,
      objective: {
        prediction: "x0-skip",
        loss: "l1",
        weighting: "balanced",
        noiseLevels: "log-normal",
      },
      optimizer: {
        batch: 4,
        accumulate: 2,
        learningRate: 5e-4,
        warmUpImages: 3200,
        emaDecay: 0.9998,
        clip: 10,
      },
      augmentation: { cropScale: "own..full", jpegQuality: "wide", gray: 0.2, vary: true },
      mix: { dejpeg: 3 },
      seed: 7,
    });
    expect(differences(run, parseRunConfig(JSON.stringify(run), "config.json"))).toEqual([]);
  });

  it("from before there were choices means what was done then", async () => {
    const {
      levels: _levels,
      cropScale: _scale,
      jpegQuality: _quality,
      gray: _gray,
      vary: _vary,
      ...old
    } = JSON.parse(await fixture("run-format-1.json")) as Record<string, unknown>;
    const run = parseRunConfig(JSON.stringify(old), "config.json");
    expect(run.objective.noiseLevels).toBe("schedule");
    expect(run.augmentation).toEqual({
      cropScale: "half..full",
      jpegQuality: "paper",
      gray: 0,
      vary: false,
    });
  });

  it("of the regression baseline stays one", async () => {
    const text = await fixture("model-format-1.json");
    const baseline = {
      ...JSON.parse(text),
      prediction: "x0",
      regression: true,
      training: undefined,
    };
    const model = parseModelConfig(JSON.stringify(baseline), "config.json");
    expect(model.objective).toEqual({ prediction: "x0", regression: true });
  });

  it("with a setting that cannot be is refused", async () => {
    const wrong = { ...JSON.parse(await fixture("run-format-1.json")), batch: -1 };
    expect(() => parseRunConfig(JSON.stringify(wrong), "run/config.json")).toThrow(
      /optimizer\.batch/,
    );
  });
});
