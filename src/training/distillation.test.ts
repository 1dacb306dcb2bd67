import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesOf, results, trainingRuns } from "../../test/support/training-runs.ts";
import { loadModelConfig } from "../node/model-folder.ts";
import { distillation } from "./distillation.ts";

const runs = trainingRuns();
const { newRun, planned, trained, refusal } = runs;
const student = (out: string) => ({
  ...distillation({ calls: 2, images: 8, threads: 1, optimizer: { batch: 2 } }),
  from: join(runs.base(), "model"),
  out,
});

describe("distilling", () => {
  it("ends after its images with a student that asks for few calls, and resumes to the byte", async () => {
    const [whole, parts] = [newRun(), newRun()];
    const ended = await trained({ out: whole, images: undefined }, student(whole));
    expect(ended.outcome).toMatchObject({ end: "images", images: 8 });
    expect(await loadModelConfig(join(whole, "model"))).toMatchObject({
      objective: { consistencyImages: 8 },
      sampler: { sampler: "consistency" },
      sampling: { steps: { colorize: 2, inpaint: 2 } },
    });
    await trained({ out: parts, images: 4 }, student(parts));
    await trained({ out: parts, images: undefined }, student(parts));
    expect(await bytesOf(parts, ...results)).toEqual(await bytesOf(whole, ...results));
  });

  it("trains another objective than going on with diffusion would", async () => {
    const { config } = await planned(student(newRun()));
    const { config: plain } = await planned({ from: join(runs.base(), "model") });
    expect(config.objective).toEqual({ ...plain.objective, consistencyImages: 8 });
    expect(config.optimizer).toMatchObject({ annealImages: 8, learningRate: 1e-4 });
  });

  it("needs a diffusion model to begin with", async () => {
    const out = newRun();
    const { from: _, ...without } = student(out);
    expect(await refusal({ out }, without)).toBe(
      "Distilling begins with a diffusion model: name it with --from.",
    );
  });
});
