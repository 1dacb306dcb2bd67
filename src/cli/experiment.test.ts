/** The whole way of studies in their small form: trainings, answers, verdicts. */
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { program } from "../../test/support/compiled.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import type { ExperimentReport } from "../experiment/report.ts";
import { Experiment } from "../node/experiment.ts";
import { chooseNetworks } from "../node/feature-networks.ts";
import { openModel, saveModel } from "../node/model-folder.ts";
import { readStudy } from "../node/read-study.ts";

const folder = fileURLToPath(new URL("../../experiments", import.meta.url));
const names = ["attention", "generalist", "loss", "prediction", "regression", "steps"];
const study = (name: string) => join(folder, `${name}.yaml`);

let root: string;
let setting: string[];
const at = (...parts: string[]) => join(root, ...parts);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-experiment-"));
  vi.stubEnv("PALETTE_DATA", await writePhotos(at("photos"), 15));
  await writeTinyNetwork(at("nets"));
  setting = ["--small", "--threads", "1", "--nets", at("nets"), "--features", "tiny"];
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

const run = (files: readonly string[], out: string, ...more: string[]) =>
  palette("experiment", ...files, ...setting, "-o", at(out), ...more);

async function reportIn(out: string): Promise<ExperimentReport> {
  return JSON.parse(await readFile(at(out, "report.json"), "utf8"));
}

/** Starts a process and kills it as soon as something was measured. */
async function killed(files: readonly string[], out: string): Promise<NodeJS.Signals | null> {
  const argv = ["experiment", ...files, ...setting, "-o", at(out)];
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: "ignore",
  });
  const gone = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on("close", (_, signal) => resolve(signal));
  });
  while (child.exitCode === null && child.signalCode === null) {
    const parts = await readdir(at(out, "parts")).catch(() => []);
    if (parts.length > 0) child.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return gone;
}

/** A study of two arms that begin with a tiny model. */
async function writeBranches() {
  const tasks = ["colorize", "dejpeg"];
  const model = randomModel({ tasks }, smallestNetwork);
  const sampling = { steps: { colorize: 2, dejpeg: 3 }, jpegStarts: { 10: 0.5, 20: 0.3 } };
  await saveModel(at("begun"), { ...model, config: { ...model.config, sampling } });
  const file = at("branches.yaml");
  const branches = {
    ...{ format: 1, name: "branches", title: "Branches", seeds: [1] },
    train: { from: at("begun"), tasks, images: 16 },
    factors: { loss: { L1: { objective: { loss: "l1" } }, L2: { objective: { loss: "l2" } } } },
    evaluate: {
      ...{ tasks, variants: { qualities: [10] }, steps: "own" },
      ...{ crops: 4, referenceCrops: 4, replicates: 10, fid: false },
    },
    claims: [{ says: "L1 is sharper", metric: "psnr", of: "L1", against: "L2", expect: "lower" }],
    small: {},
  };
  await writeFile(file, JSON.stringify(branches));
  return { file, branches };
}

describe("palette experiment", () => {
  it("carries out all six studies, and the same command again changes nothing", async () => {
    const first = await run(names.map(study), "all");
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/^\[1\/63\] measure attention: originals$/m);
    const page = await readFile(at("all", "studies.md"), "utf8");
    const { studies } = await reportIn("all");
    expect(studies.map(({ name }) => name)).toEqual(names);
    for (const one of studies) {
      expect(page).toContain(`## ${one.title}\n`);
      expect(page).toContain(one.sentence);
      expect(one.sentence).toMatch(/at this size: .* 95 % −?\d+\.\d+ to −?\d+\.\d+; expected/);
      expect(one.done.sets.done).toBe(one.done.sets.of);
      expect(await readFile(at("all", "charts", `${one.name}.svg`), "utf8")).toMatch(/^<svg/);
      expect(first.lines).toContain(`${one.title}: ${one.sentence}`);
    }
    // Sixteen trainings, of which one goes on from another to more images.
    const keys = await readdir(at("all", "trainings"));
    const budgets = await Promise.all(keys.map((key) => readdir(at("all", "trainings", key))));
    const numbers = budgets.flat().filter((name) => /^\d+$/.test(name));
    expect([keys.length, numbers.length]).toEqual([15, 16]);
    const again = await run(names.map(study), "all");
    expect(again.stderr).not.toMatch(/^\[/m);
    expect(await readFile(at("all", "studies.md"), "utf8")).toBe(page);
  }, 400_000);

  it("killed and continued finds the same numbers", async () => {
    expect(await killed([study("steps")], "killed")).toBe("SIGKILL");
    const unfinished = await run([study("steps")], "killed", "--only-report");
    expect(unfinished.stdout).toMatch(/sampler: Not finished: [01] of 1 training /);
    expect((await run([study("steps")], "killed")).code).toBe(0);
    const [alone] = (await reportIn("killed")).studies;
    expect(alone).toEqual((await reportIn("all")).studies.find(({ name }) => name === "steps"));
  }, 300_000);

  it("shares the work of a folder among processes, with the numbers of one", async () => {
    const command = [program, "experiment", study("loss"), ...setting, "-o", at("shared")];
    const ended = await Promise.all(
      ["1/2", "2/2"].map((shard) =>
        promisify(execFile)(process.execPath, [...command, "--shard", shard]),
      ),
    );
    for (const { stderr } of ended) expect(stderr).toMatch(/^\[\d\/[1-9]\d*\] train loss/m);
    const [alone] = (await reportIn("shared")).studies;
    expect(alone).toEqual((await reportIn("all")).studies.find(({ name }) => name === "loss"));
  }, 300_000);

  it("refuses a claim that was changed after results were there, or marks it", async () => {
    const file = at("steps.yaml");
    await writeFile(file, (await readFile(study("steps"), "utf8")).replace("0.05", "0.3"));
    const refused = await run([file], "killed");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^palette: The study steps was changed after 10 of 10 measurements \(shown\.0\.margin: 0\.05 -> 0\.3\): undo that,.*\n$/,
    );
    expect((await run([file], "killed", "--accept-changes")).code).toBe(0);
    expect(await readFile(at("killed", "studies.md"), "utf8")).toContain(
      "**The analysis was changed after 10 of 10 measurements** (shown.0.margin: 0.05 -> 0.3).",
    );
  });

  it("branches from a model, each task answered in the model's own way", async () => {
    const { file, branches } = await writeBranches();
    const { code, stdout } = await run([file], "branches");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Branches: .*[Ww]hat was expected .*at this size/);
    expect(await readFile(at("branches", "studies.md"), "utf8")).toMatch(/^# Studies$/m);
    const [key] = await readdir(at("branches", "trainings"));
    const { config } = await openModel(at("branches", "trainings", key!, "16", "model"));
    expect(config).toMatchObject({
      network: smallestNetwork,
      training: { images: 16, from: {} },
      sampling: { steps: { colorize: 2, dejpeg: 3 } },
    });
    const sets = await readdir(at("branches", "sets"));
    const calls = await Promise.all(
      sets.map(async (set) => {
        const text = await readFile(at("branches", "sets", set, "measures.json"), "utf8");
        return JSON.parse(text).spent.calls as number;
      }),
    );
    expect(calls.sort((a, b) => a - b)).toEqual([0, 0, 0, 8, 8, 12, 12]);
    for (const [was, is, told] of [
      ['"images":16', '"images":16,"network":{}', /L1 begins with .*: leave out network or from/],
      [at("begun"), at("gone"), /gone/],
      [
        '"steps":"own"',
        '"steps":"own","sampler":"ddim"',
        /L1 has a sampler and steps: own, which need none/,
      ],
    ] as const) {
      await writeFile(file, JSON.stringify(branches).replace(was, is));
      expect((await run([file], "wrong")).stderr).toMatch(told);
    }
  }, 100_000);

  it("takes up at the end what another process was at and let go", async () => {
    const { file } = await writeBranches();
    const networks = await chooseNetworks({ nets: at("nets"), features: "tiny" });
    const options = { data: [process.env.PALETTE_DATA!], out: at("let-go"), threads: 1, networks };
    const experiment = await Experiment.open([await readStudy(file)], options);
    const trainings = experiment.plan.jobs.flatMap((job) =>
      job.kind === "training" ? [job.training] : [],
    );
    const lock = await experiment.folder.lock("trainings", trainings[0]!.key);
    const lines: string[] = [];
    const left = await experiment.run({
      onLine(line) {
        lines.push(line);
        if (line.includes("another process is at it")) void lock?.release();
      },
    });
    expect(left).toBe(0);
    expect(lines.filter((line) => line.includes("train branches: L1"))).toHaveLength(2);
  }, 100_000);

  it("says in one line what cannot be", async () => {
    const file = at("wrong.yaml");
    const text = await readFile(study("loss"), "utf8");
    await writeFile(file, text.replace("of: L2", "of: L3"));
    const arm = await run([file], "wrong");
    expect(arm.stderr).toBe(
      'palette: The study loss: "L2 is the more diverse": there is no arm "L3"; the arms are L1 | L2.\n',
    );
    const shard = await run([study("loss")], "wrong", "--shard", "3/2");
    expect([shard.code, shard.stderr]).toEqual([
      2,
      expect.stringMatching(/--shard 3\/2 is none of 2 shards/),
    ]);
    await mkdir(at("empty"));
    const empty = await run([study("loss")], "wrong", "--data", at("empty"));
    expect(empty.stderr).toMatch(/^palette: .*\n$/);
  });

  it("tells what it would do", async () => {
    const { lines, code } = await run([study("regression")], "plan", "--dry-run");
    expect(code).toBe(0);
    expect(lines[0]).toBe("regression: 2 arms, 1 seed, 2 trainings, 12 sets of 50 answers");
    expect(lines[1]).toMatch(/^missing: 2 trainings of 16 images, about [\d.]+ h$/);
    expect(lines[3]).toMatch(/^after .*: regression$/);
  });
});
