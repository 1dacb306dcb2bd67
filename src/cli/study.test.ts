import { readdir, readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { palette } from "../../test/support/command.ts";
import { savedModel } from "../../test/support/studio.ts";
import { savedPhotos } from "../../test/support/study.ts";
import { temporaryFiles } from "../../test/support/temporary-files.ts";

const { at } = temporaryFiles("");
let making: string[];

beforeAll(async () => {
  making = [
    ...["study", "new", at("study"), "--model", await savedModel(at("model"))],
    ...["--data", await savedPhotos(at("photos"), 6), "--tasks", "uncrop,dejpeg"],
    ...["--sides", "right", "--qualities", "5,10", "--steps", "1"],
    ...["--pairs", "4", "--practice", "1", "--checks", "1", "--failures-allowed", "0"],
  ];
});

it("makes pairs of every photo with every model in every condition, once", async () => {
  const { code, lines } = await palette(...making);
  expect([code, lines[0]]).toEqual([0, "12 pairs: 4 photos, 3 models in conditions"]);
  const made = JSON.parse(await readFile(at("study/pairs.json"), "utf8"));
  expect(made.cells.map(({ condition }: { condition: string }) => condition)).toEqual([
    ...["uncrop-right", "dejpeg-5", "dejpeg-10"],
  ]);
  const settings = JSON.parse(await readFile(at("study/study.json"), "utf8"));
  expect(settings).toMatchObject({ pairs: 4, trials: 2, seconds: 3, inputSeconds: 0 });
  expect(await readdir(at("study/sheets"))).toHaveLength(2 * (12 + 1 + 1));
  expect((await palette(...making)).code).toBe(0);
  const { stdout } = await palette("study", "report", at("study"));
  expect(stdout).toContain("0 subjects counted");
});

it("refuses in one line what it cannot do", async () => {
  const fresh = ["study", "new", at("other"), "--data", at("photos"), "--model", at("model")];
  for (const [argv, code, line] of [
    [[...making, "--seconds", "5"], 1, /another study \(seconds.*same settings/],
    [[...making, "--trials", "5"], 2, /no photo twice: 5 of 4/],
    [[...fresh, "--checks", "2", "--failures-allowed", "2"], 2, /nobody would be left out/],
    [[...fresh, "--pairs", "7"], 1, /takes 15 photos.*and 6 can be used/],
    [["study", "serve", at("photos")], 1, /is no study; make one with palette study new/],
    [["study", "serve", at("study"), "--public", "study"], 2, /is no address; write one such as/],
    [["study", "subject", at("study"), "nobody"], 1, /no subject "nobody"/],
    [["study", "new", at("other")], 2, /--data/],
    // Two models are taken, and looked for.
    [[...fresh.slice(0, -1), "a", "--model", "b"], 1, /There is no model folder a/],
    [[...fresh, "--steps", "x"], 2, /steps "x"/],
  ] as const) {
    const { code: exit, stderr } = await palette(...argv);
    expect([exit, stderr]).toEqual([code, expect.stringMatching(line)]);
    expect(stderr.trim()).not.toContain("\n");
  }
  expect(await readdir(at(""))).not.toContain("other");
});
