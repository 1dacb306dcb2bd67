/** An evaluation that several processes make in one folder. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { writeTar } from "../../test/support/tar.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { evaluate, evaluateShard, planEvaluation } from "./evaluate.ts";
import { saveModel } from "./model-folder.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-evaluate-shard-"));
  vi.stubEnv("PALETTE_CACHE", at("cache"));
  await writePhotos(at("photos"), 4);
  await writeTinyNetwork(at("nets"));
  await saveModel(at("model"), randomModel({ tasks: ["colorize", "dejpeg"] }, smallestNetwork));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

const planned = (data = at("photos")) =>
  planEvaluation({
    models: [at("model")],
    data: [data],
    variants: { qualities: [5] },
    ...{ crops: 10, referenceCrops: 10, steps: ["2"], samples: 1 },
  });
const measuring = (out: string) => ({
  ...{ nets: at("nets"), features: "tiny", classifier: "tiny", replicates: 5, threads: 1 },
  out: at(out),
});
const report = (folder: string) => readFile(at(folder, "report.json"), "utf8");

/** The pictures in a folder by name, with the times at which they were written. */
async function pictures(folder: string) {
  const found = new Map<string, { bytes: string; at: number }>();
  const entries = await readdir(at(folder, "pictures"), { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
    const path = join(parentPath, name);
    const { mtimeMs } = await stat(path);
    found.set(path.slice(at(folder).length), {
      bytes: await readFile(path, "base64"),
      at: mtimeMs,
    });
  }
  return found;
}
const bytesOf = (some: Awaited<ReturnType<typeof pictures>>) =>
  [...some].map(([name, { bytes }]) => [name, bytes]).sort();

it("has the files and report of one process, with shards at once and one of them killed", async () => {
  const plan = await planned();
  await evaluate(plan, measuring("whole"));
  const controller = new AbortController();
  const stopped = evaluateShard(
    plan,
    { number: 1, of: 2 },
    {
      ...measuring("shards"),
      signal: controller.signal,
      onProgress: ({ stage, done }) => {
        if (stage === "answers" && done >= 16) controller.abort(new Error("killed"));
      },
    },
  );
  await expect(stopped).rejects.toThrow("killed");
  const before = await pictures("shards");
  const outcomes = await Promise.all(
    [1, 2].map((number) => evaluateShard(plan, { number, of: 2 }, measuring("shards"))),
  );
  const after = await pictures("shards");
  for (const [name, picture] of before) expect(after.get(name)).toEqual(picture);
  expect(bytesOf(after)).toEqual(bytesOf(await pictures("whole")));
  expect(await report("shards")).toBe(await report("whole"));
  const measured = outcomes.filter((outcome) => "report" in outcome);
  expect(measured.length).toBeGreaterThan(0);
  for (const outcome of outcomes)
    if (!("report" in outcome)) expect(outcome).toHaveProperty("missing");
  // Of two groups, of eight and two pictures, a condition, each shard has two.
  expect(await readdir(at("shards", "seconds"))).toEqual(["1.json", "2.json"]);
  expect(await readFile(at("shards", "report.html"), "utf8")).toContain("Palette (random)");
});

it("is measured by one of two that finish at once", async () => {
  const plan = await planned();
  const lock = { pid: process.pid, host: hostname(), started: null };
  await writeFile(at("whole", "lock"), JSON.stringify(lock));
  const outcome = await evaluateShard(plan, { number: 2, of: 2 }, measuring("whole"));
  expect(outcome).toEqual({ missing: 0, measuredBy: expect.stringContaining("is evaluating in") });
  await rm(at("whole", "lock"));
});

it("plans the same pictures of photos in tar shards", async () => {
  const names = await readdir(at("photos"));
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(at("photos", name))] as const),
  );
  await writeTar(at("tars", "photos.tar"), files);
  const [tars, folder] = [await planned(at("tars")), await planned()];
  expect(tars.common).toEqual(folder.common);
  expect(tars.photos).toEqual(names.sort().map((name) => at("tars", `photos.tar/${name}`)));
});

it("says what a shard waits for, and refuses one that cannot be", async () => {
  const argv = [
    ...["evaluate", "--model", at("model"), "--data", at("photos"), "--tasks", "colorize"],
    ...["--crops", "9", "--steps", "1", "--samples", "1", "--threads", "1", "-o", at("cli")],
  ];
  const { code, stdout, stderr } = await palette(...argv, "--shard", "1/2");
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toMatch(
    /shard 1\/2 is done; the report in .*cli waits for \d+ pictures of others/,
  );
  const json = await palette(...argv, "--shard", "1/2", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ shard: { number: 1, of: 2 } });
  const refused = await palette(...argv, "--shard", "3/2");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toBe(
    "palette: --shard 3/2 is none of 2 shards: k goes from 1 to N, indices from 0.\n",
  );
});
