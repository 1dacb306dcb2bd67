import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readStudy } from "../node/read-study.ts";
import { secondsFor } from "./estimate.ts";
import { planExperiment } from "./plan.ts";
import { callsOf, type ExperimentPlan, type Job, trainingId } from "./planned.ts";
import type { Study } from "./study-file.ts";

const names = ["attention", "generalist", "loss", "prediction", "regression", "steps"];
const photos = Array.from({ length: 70 }, (_, k) => `photos/${String(k).padStart(3, "0")}.png`);
const inputs = {
  photoSets: [{ folder: "photos", name: "photos", photos, digest: "0123456789abcdef" }],
  folders: ["photos"],
  threads: 2,
};
let studies: Study[];
let plan: ExperimentPlan;

beforeAll(async () => {
  const path = (name: string) =>
    fileURLToPath(new URL(`../../experiments/${name}.yaml`, import.meta.url));
  studies = await Promise.all(names.map((name) => readStudy(path(name))));
  plan = await planExperiment(studies, inputs);
});

const idOf = (job: Job) => (job.kind === "training" ? trainingId(job.training) : job.set.key);

/** In training images, roughly. */
const costOf = (job: Job) =>
  job.kind === "training"
    ? job.training.images
    : 0.25 * callsOf(job.set) + job.set.protocol.crops * job.set.samples;

describe("the plan of the six studies", () => {
  it("makes what they share once", () => {
    const trainings = plan.jobs.filter(({ kind }) => kind === "training");
    const asked = plan.studies.flatMap((one) => one.trainings);
    expect([asked.length, new Set(asked).size, trainings.length]).toEqual([42, 32, 32]);
    expect(new Set(plan.jobs.map(idOf)).size).toBe(plan.jobs.length);
  });

  it("trains before it measures, the shorter of two equal trainings first", () => {
    const at = new Map(plan.jobs.map((job, k) => [idOf(job), k]));
    const byKey = new Map<string, number[]>();
    for (const [k, job] of plan.jobs.entries()) {
      if (job.kind === "set") {
        const { source } = job.set;
        if (typeof source !== "string") expect(at.get(trainingId(source))).toBeLessThan(k);
      } else
        byKey.set(job.training.key, [...(byKey.get(job.training.key) ?? []), job.training.images]);
    }
    for (const images of byKey.values()) expect(images).toEqual(images.toSorted((a, b) => a - b));
  });

  it("gives the held-out photos to the crops, and none of them to the trainings", () => {
    for (const { protocol } of plan.studies) expect(protocol.photos).toHaveLength(10);
    for (const job of plan.jobs) {
      if (job.kind !== "training") continue;
      const trained = new Set(job.training.plan.training);
      expect(plan.studies[0]!.protocol.photos.some((photo) => trained.has(photo))).toBe(false);
    }
  });

  it("deals whole trainings out evenly, each with its measurements", async () => {
    const { jobs } = await planExperiment(studies, { ...inputs, shards: 3 });
    const shards = new Map(jobs.map((job) => [idOf(job), job.shard]));
    for (const job of jobs) {
      if (job.kind !== "set" || typeof job.set.source === "string") continue;
      expect(job.shard).toBe(shards.get(trainingId(job.set.source)));
    }
    const costs = [0, 1, 2].map((shard) =>
      jobs.filter((job) => job.shard === shard).reduce((sum, job) => sum + costOf(job), 0),
    );
    expect(Math.max(...costs) / Math.min(...costs)).toBeLessThan(1.1);
  });

  it("takes the time of the like, and says nothing where nothing is known", () => {
    const unknown = { amount: 0, seconds: 0 };
    const rates = { training: new Map(), calls: unknown, pictures: { amount: 100, seconds: 1 } };
    const [first] = plan.jobs;
    expect(first).toMatchObject({ kind: "set", set: { source: "originals" } });
    expect(secondsFor([first!], rates)).toBe(20);
    expect(secondsFor(plan.jobs, rates)).toBeUndefined();
  });

  it("refuses two studies of one name", async () => {
    await expect(planExperiment([studies[0]!, studies[0]!], inputs)).rejects.toThrow(
      "Two of the studies are called attention",
    );
  });

  it("refuses a study whose models are not given", async () => {
    const study = studies[0]!;
    const further = { ...study, train: { ...study.train, from: "photos-64" } };
    await expect(planExperiment([further], inputs)).rejects.toThrow(
      "The study attention: it begins with the model photos-64, which was not given.",
    );
  });
});
