import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { program } from "../../test/support/compiled.ts";
import { writeTinyNetwork } from "../../test/support/tiny-network.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { saveModel } from "../node/model-folder.ts";
import { run } from "./run.ts";

let root: string;
let setting: string[];
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-cli-evaluate-"));
  await writePhotos(at("photos"), 4);
  await writeTinyNetwork(at("nets"));
  await saveModel(at("model"), randomModel({}, smallestNetwork));
  const nets = ["--nets", at("nets"), "--features", "tiny", "--classifier", "tiny"];
  setting = [
    ...["--model", at("model"), "--data", at("photos"), "--tasks", "inpaint,dejpeg"],
    ...["--masks", "center", "--qualities", "5", "--crops", "12", "--steps", "6"],
    ...["--replicates", "5", "--samples", "1", "--threads", "1", ...nets],
  ];
});
afterAll(() => rm(root, { recursive: true }));

/** The program in a process of its own. */
function palette(argv: readonly string[]) {
  const child = spawn(process.execPath, [program, "evaluate", ...argv], {
    env: { ...process.env, PALETTE_CACHE: at("cache"), PALETTE_NETS: "" },
  });
  const written = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => {
    written.stdout += text;
  });
  child.stderr.on("data", (text) => {
    written.stderr += text;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, ...written })),
  );
}

/** Kills the program as soon as so many answers lie in the folder. */
async function killedAt(out: string, answers: number) {
  const controller = new AbortController();
  const child = spawn(process.execPath, [program, "evaluate", ...setting, "-o", out], {
    env: { ...process.env, PALETTE_CACHE: at("cache") },
    stdio: "ignore",
  });
  const gone = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on("close", (_, signal) => {
      controller.abort();
      resolve(signal);
    }),
  );
  const pictures = join(out, "pictures", "inpaint-center");
  while (!controller.signal.aborted) {
    const rows = (await readdir(pictures).catch(() => [])).filter((name) => name !== "degraded");
    const names = await Promise.all(
      rows.map((row) => readdir(join(pictures, row)).catch(() => [])),
    );
    if (names.flat().length >= answers) child.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return gone;
}

describe("palette evaluate", () => {
  it("prints tables, writes the report, and is the same after kill -9", async () => {
    const whole = await palette([...setting, "-o", at("whole")]);
    expect(whole.stderr).not.toMatch(/palette: /);
    expect(whole.code).toBe(0);
    expect(whole.stdout).toMatch(/Inpainting, as the paper's Table 2. N = 12 pictures a row/);
    expect(whole.stdout).toMatch(/Degraded input .*\n.*Palette \(random\) .*\n.*Originals /);
    expect(await readdir(at("whole"))).toEqual(
      expect.arrayContaining(["report.json", "report.html", "grids", "pictures"]),
    );
    expect(await killedAt(at("killed"), 6)).toBe("SIGKILL");
    expect(await readdir(at("killed"))).not.toContain("report.json");
    expect((await palette([...setting, "-o", at("killed")])).code).toBe(0);
    const report = (folder: string) => readFile(at(folder, "report.json"), "utf8");
    expect(await report("killed")).toBe(await report("whole"));
  });

  it("prints the report as JSON alone", async () => {
    const { stdout, code } = await palette([...setting, "-o", at("whole"), "--json"]);
    expect(code).toBe(0);
    const { conditions } = JSON.parse(stdout) as { conditions: { id: string }[] };
    expect(conditions.map(({ id }) => id)).toEqual(["inpaint-center", "dejpeg-5"]);
  });

  it.each([
    [["-o", "x"], 2, /Name the photos with --data/],
    [["--data", "photos"], 2, /Name a folder for the report with -o/],
    [
      ["--data", "x", "-o", "x", "--tasks", "colorize", "--qualities", "5"],
      2,
      /--qualities is of dejpeg, which --tasks leaves out/,
    ],
    [["--data", "nowhere", "-o", "x"], 1, /nowhere does not exist/],
    [["--data", "x", "-o", "x", "--qualities", "bad"], 2, /whole number from 1 to 100/],
    [["--data", "x", "-o", "x", "--masks", "stars"], 2, /no kind of mask "stars"/],
  ])("refuses %j in one line", async (argv, expected, words) => {
    const written = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      vi.spyOn(process[name], "write").mockImplementation((text) => {
        written[name] += text;
        return true;
      });
    }
    const code = await run(["evaluate", ...argv]);
    vi.restoreAllMocks();
    expect(written.stderr).toMatch(words);
    expect(written.stderr.trim().split("\n").length).toBe(1);
    expect([code, written.stdout]).toEqual([expected, ""]);
  });
});
