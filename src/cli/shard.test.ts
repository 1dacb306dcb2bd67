/** Many photos restored by several machines. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { saveModel } from "../node/model-folder.ts";

let root: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-cli-shard-"));
  await saveModel(at("model"), randomModel({}, smallestNetwork));
  await writePhotos(at("photos"), 5);
  await writePhotos(at("photos", "deep"), 2);
});
afterAll(() => rm(root, { recursive: true }));

const colorize = (out: string, ...more: string[]) =>
  palette(
    ...["colorize", at("photos"), "--model", at("model"), "--steps", "1", "--threads", "1"],
    ...["-o", at(out), ...more],
  );

async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(at(folder), { recursive: true })).filter((n) => n.endsWith(".png"));
  const each = names.sort().map(async (name) => [name, await readFile(at(folder, name), "base64")]);
  return Object.fromEntries(await Promise.all(each));
}

it("makes the files of one run, each once; a shard goes on and refuses other settings", async () => {
  await colorize("whole");
  const made: string[] = [];
  for (const shard of ["1/2", "2/2"]) {
    const { code, lines, stderr } = await colorize("shards", "--shard", shard);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^shard ${shard}: [34] of 7 photos\\.$`, "m"));
    made.push(...lines);
  }
  expect(new Set(made).size).toBe(7);
  expect(made).toHaveLength(7);
  expect(await filesIn("shards")).toEqual(await filesIn("whole"));

  const first = made[0] ?? "";
  await rm(first);
  expect((await colorize("shards", "--shard", "1/2")).lines).toEqual([first]);
  expect(await filesIn("shards")).toEqual(await filesIn("whole"));
  const other = await colorize("shards", "--shard", "1/2", "--seed", "9");
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/of other settings/)]);
});

it("takes the shard from the environment", async () => {
  vi.stubEnv("JOB_COMPLETION_INDEX", "6");
  const { stdout } = await colorize("indexed", "--shard", "env/7", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    shard: { number: 7, of: 7 },
    restored: [{ input: at("photos", "photo-004.png") }],
    skipped: [],
  });
  const beyond = await colorize("indexed", "--shard", "env/6");
  expect(beyond.code).toBe(2);
  expect(beyond.stderr).toMatch(/^palette: \$JOB_COMPLETION_INDEX = 6 is none of 6 shards.*\n$/);
  vi.unstubAllEnvs();
});
