import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { armsOf } from "../experiment/arms.ts";
import { adoptStudy, parseRecords } from "../experiment/records.ts";
import { readStudy } from "./read-study.ts";

const folder = fileURLToPath(new URL("../../experiments/", import.meta.url));
const { written } = temporaryFiles(".yaml");
const loss = `${folder}loss.yaml`;
const text = await readFile(loss, "utf8");

/** The message when the file says something else. */
async function refusal(from: string | RegExp, to: string, small = false): Promise<string> {
  const file = await written(text.replace(from, to));
  const thrown = await readStudy(file, small).then(
    () => new Error("nothing was refused"),
    (error: Error) => error,
  );
  return thrown.message.replace(/^.*\//, "");
}

describe("a study's file", () => {
  it("of the paper's six, three second runs and the weights, can be read, also in the small form", async () => {
    const all = await readdir(folder, { recursive: true });
    const files = all.filter((name) => name.endsWith(".yaml"));
    expect(files).toHaveLength(11);
    for (const file of files) {
      const [whole, small] = [await readStudy(folder + file), await readStudy(folder + file, true)];
      expect(`${whole.name}.yaml`).toBe(basename(file));
      if (whole.paper !== undefined) {
        expect(whole.evaluate.crops).toBe(2000);
        expect(whole.seeds.length).toBeGreaterThan(1);
      }
      expect(small.evaluate.crops).toBeLessThan(100);
    }
  });

  it("makes an arm of each combination of levels", async () => {
    const arms = armsOf(await readStudy(`${folder}steps.yaml`));
    expect(arms).toHaveLength(16);
    expect(arms[1]).toMatchObject({
      name: "DDPM, 8",
      settings: { sampler: "ddpm", steps: 8, preset: "tiny-32", images: 24_000 },
    });
    expect(armsOf(await readStudy(`${folder}steps.yaml`, true))).toHaveLength(8);
  });

  it("names the line and the setting that is wrong", async () => {
    expect(await refusal("crops: 2000", "crops: many")).toMatch(
      /^\d+\.yaml, line 23: evaluate\.crops: must be a whole number of at least 2, not "many"\.$/,
    );
    expect(await refusal("loss: l2", "loss: l3")).toMatch(
      /, line 18: factors\.loss\.L2\.objective\.loss: must be one of l1, l2, rms, not "l3"/,
    );
    expect(await refusal("  samples: 2", "  sample: 2")).toMatch(
      /, line \d+: evaluate: there is no setting sample; there are tasks,/,
    );
    expect(await refusal("margin: 0.1", "margin: 0")).toMatch(/claims\.1\.margin: must be above 0/);
    expect(await refusal("seeds: [1, 2]", "")).toMatch(/seeds: must be a list, but is missing/);
    expect(await refusal("seeds: [1, 2]", "seeds: [1, 2")).toMatch(/^\d+\.yaml, line \d+: /);
    expect(await refusal("replicates: 20", "replicates: 1", true)).toMatch(
      /, line \d+: evaluate\.replicates: must be a whole number from 10 to 2000, not 1/,
    );
  });

  it("may be a program with the same default export", async () => {
    const program = `export default ${JSON.stringify(parse(text))};`;
    expect(await readStudy(await written(program, "loss.mjs"))).toEqual(await readStudy(loss));
  });
});

describe("an analysis", () => {
  it("may change before the first result, and afterwards only marked", async () => {
    const study = await readStudy(loss);
    const none = { measured: { done: 0, of: 9 }, acceptChanges: false };
    const some = { ...none, measured: { done: 4, of: 9 } };
    const [claim, ...others] = study.claims;
    const changed = { ...study, claims: [{ ...claim!, margin: 0.5 }, ...others] };
    const kept = adoptStudy(parseRecords(undefined, "x"), study, none);
    expect(adoptStudy(kept, { ...study, title: "Other words" }, some)).toBe(kept);
    expect(adoptStudy(kept, changed, none).studies.loss?.changes).toEqual([]);
    expect(() => adoptStudy(kept, changed, some)).toThrow(
      /loss was changed after 4 of 9 measurements \(claims\.0\.margin: 0 -> 0\.5\): undo that/,
    );
    const marked = adoptStudy(kept, changed, { ...some, acceptChanges: true });
    expect(marked.studies.loss?.changes).toEqual([
      { after: 4, of: 9, what: ["claims.0.margin: 0 -> 0.5"] },
    ]);
  });
});
