import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { run } from "./run.ts";

let root: string;
let printed: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-cli-fid-"));
  vi.stubEnv("PALETTE_CACHE", at("cache"));
  await writePhotos(at("photos"), 4);
  await writeTinyNetwork(at("nets"));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

it("prints the numbers of two folders, says which are missing, and writes them", async () => {
  printed = "";
  const folders = [at("photos"), at("photos")];
  const nets = ["--nets", at("nets"), "--features", "tiny"];
  expect(await run(["fid", ...folders, ...nets, "-o", at("out")])).toBe(0);
  expect(printed).toMatch(/^images +4, 4\nnetwork +Tiny, .*\nFID +-?\d.*\nKID +-\nIS .*\nPD +0/);
  expect(printed).toContain("KID needs at least 50 pictures in each folder; there are 4.");
  const written = JSON.parse(await readFile(at("out", "fid.json"), "utf8"));
  expect(written).toMatchObject({ images: [4, 4], pd: 0 });
  expect(written.kid).toBeUndefined();
  expect(await readFile(at("out", "fid.html"), "utf8")).toContain("KID needs at least 50");
});

it("refuses options of models, which it has none of", async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  for (const option of ["--model", "--steps"]) {
    expect(await run(["fid", at("photos"), at("photos"), option, "x"])).toBe(2);
  }
});
