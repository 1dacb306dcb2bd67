import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { palette } from "../../test/support/command.ts";
import { program } from "../../test/support/compiled.ts";
import { trainedNetwork } from "../../test/support/training-runs.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { Random } from "../util/random.ts";

let folder: string;
let data: string;
const network = JSON.stringify(trainedNetwork);
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-cli-train-"));
  data = await writePhotos(join(folder, "photos"), 9);
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The words of `palette train` on two threads. */
function words(run: string, ...more: string[]): string[] {
  const common = [
    "--data",
    data,
    "--preset",
    "tiny-32",
    "--network",
    network,
    "--batch",
    "4",
    "--threads",
    "2",
  ];
  // Validation passes cost a part for each task.
  const tasks = more.includes("--dry-run") ? [] : ["--tasks", "colorize,inpaint"];
  const intervals = ["--stats-every", "12", "--held-out-every", "24", "--checkpoint-every", "20"];
  return ["train", "--out", join(folder, run), ...common, ...tasks, ...intervals, ...more];
}

/** Starts it in a process of its own. */
function start(run: string, ...more: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [program, ...words(run, ...more)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (part) => {
    text.stdout += part;
  });
  child.stderr.on("data", (part) => {
    text.stderr += part;
  });
  const ended = once(child, "close").then(([code]) => {
    children.delete(child);
    return { code: code as number | null, ...text };
  });
  return { child, ended };
}

const command = (run: string, ...more: string[]) => start(run, ...more).ended;

/** Waits until the run has a file, or the process has ended. */
async function until(path: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && !(await exists(path))) await soon(10);
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const soon = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** All that must not differ: every byte of the results, and the statistics apart from times. */
async function resultsOf(run: string): Promise<Record<string, string>> {
  const root = join(folder, run);
  const names = ["checkpoint.safetensors", "model/config.json", "model/weights.safetensors"];
  for (const name of await readdir(join(root, "samples"))) names.push(`samples/${name}`);
  const found: Record<string, string> = {};
  for (const name of names) found[name] = (await readFile(join(root, name))).toString("base64");
  found.stats = (await readFile(join(root, "stats.jsonl"), "utf8")).replace(/"machine":.*/g, "");
  return found;
}

describe("palette train", () => {
  it("killed at any moment and run again gives the bytes of an uninterrupted run", async () => {
    const unbroken = start("whole", "--images", "100");
    await until(join(folder, "whole", "config.json"), unbroken.child);
    const begun = performance.now();
    const whole = await unbroken.ended;
    const milliseconds = performance.now() - begun;
    expect(whole.stderr).toContain("done with 100 images");
    expect(whole.code).toBe(0);

    const seed = process.pid;
    const random = Random.from("moments", seed);
    let kills = 0;
    for (let attempt = 0; attempt < 3; attempt++) {
      const { child, ended } = start("killed", "--images", "100");
      const first = attempt === 0 ? "config.json" : "checkpoint.safetensors";
      await until(join(folder, "killed", first), child);
      await soon(random.between(0, 0.7 * milliseconds));
      if (child.kill("SIGKILL")) kills += 1;
      await ended;
    }
    expect(kills, `moments of seed ${seed}`).toBeGreaterThan(0);
    const last = await command("killed", "--images", "100");
    expect(last.code, `moments of seed ${seed}: ${last.stderr}`).toBe(0);
    const [expected, found] = [await resultsOf("whole"), await resultsOf("killed")];
    expect(Object.keys(found), `moments of seed ${seed}`).toEqual(Object.keys(expected));
    for (const name of Object.keys(expected))
      expect(found[name] === expected[name], `${name}, moments of seed ${seed}`).toBe(true);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 0],
  ] as const)("saves on %s, says how to go on, and continues", async (signal, code) => {
    const { child, ended } = start(signal);
    await until(join(folder, signal, "checkpoint.safetensors"), child);
    child.kill(signal);
    // Again, as launchers pass it on: still one Ctrl-C.
    await soon(20);
    child.kill(signal);
    const stopped = await ended;
    expect(stopped.code).toBe(code);
    const images = Number(
      /stopped and saved at ([\d,]+) images: the same command continues/
        .exec(stopped.stderr)?.[1]
        ?.replace(",", ""),
    );
    expect(images).toBeGreaterThan(0);
    expect(await exists(join(folder, signal, "lock"))).toBe(false);
    const more = await command(signal, "--images", String(images + 4), "--json");
    expect(more.stderr).toContain(`continuing at ${images.toLocaleString("en-US")} images`);
    expect(JSON.parse(more.stdout)).toMatchObject({ end: "images", images: images + 4, seen: 4 });
  });

  it("refuses another configuration with exit code 1 and the difference in one line", async () => {
    const made = await command("made", "--images", "4");
    expect(made.code).toBe(0);
    const { code, stderr, stdout } = await command("made", "--images", "8", "--lr", "0.25");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^palette: [^\n]*\(optimizer\.learningRate: 0\.0005 -> 0\.25\)[^\n]*\n$/,
    );
    expect(stdout).toBe("");
  });

  it("--dry-run prints what would be trained and touches nothing", async () => {
    const dry = (...more: string[]) => palette(...words("never", "--dry-run", ...more));
    const planned = await dry();
    expect(planned.code).toBe(0);
    expect(planned.stdout).toMatch(/^parameters +[\d,]+$/m);
    expect(planned.stdout).toMatch(/^memory +about \d+ MB$/m);
    expect(planned.stdout).toMatch(/^photos +7 for training$/m);
    expect(planned.stdout).toMatch(/^held out +2 \(every:7:1\)$/m);
    expect(planned.stdout).toMatch(/^batch +4 = 4 images an update$/m);
    const mixed = await dry("--mix", "dejpeg:3, colorize:1");
    expect(mixed.stdout).toMatch(
      /^tasks +colorize, inpaint, uncrop, dejpeg \(3 times\), sharpen$/m,
    );
    const varied = await dry("--vary", "--own-pixels", "dejpeg:0.5");
    expect(varied.stdout).toMatch(
      /^crops +own\.\.full, 0\.5 of dejpeg at own pixels, each of another aspect and tone$/m,
    );
    const noisy = await dry("--first-call", "dejpeg:0.3,inpaint:0.1");
    expect(noisy.stdout).toMatch(
      /^objective .*levels, 0\.3 of dejpeg as first calls, 0\.1 of inpaint/m,
    );
    const { stdout } = await dry("--json", "--loss", "l1");
    expect(JSON.parse(stdout)).toMatchObject({
      objective: { loss: "l1" },
      optimizer: { batch: 4 },
      photos: { training: 7 },
    });
    expect(await exists(join(folder, "never"))).toBe(false);
  });

  it.each([
    ["--batch", "0"],
    ["--lr", "-1"],
    ["--lr", "fast"],
    ["--ema", "1"],
    ["--clip", "0"],
    ["--seed", "1.5"],
    ["--checkpoint-every", "soon"],
    ["--checkpoint-every", "0min"],
    ["--loss", "l3"],
    ["--tasks", "colourise"],
    ["--tasks", ","],
    ["--mix", "dejpeg"],
    ["--mix", "dejpeg:0"],
    ["--mix", "dejpeg:2:3"],
    ["--mix", "dejpeg:2,dejpeg:3"],
    ["--mix", "dejpg:2"],
    ["--own-pixels", "dejpeg:1.5"],
    ["--own-pixels", "dejpg:0.5"],
    ["--first-call", "dejpeg:-1"],
    ["--first-call", "dejpg:0.5"],
    ["--gray", "1.5"],
    ["--preset", "huge"],
    ["--hold-out", "some"],
    ["--predict", "noise"],
  ])("refuses %s %s with exit code 2 and one line", async (option, value) => {
    const { run } = await import("./run.ts");
    const written: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = ((text: string) => written.push(text) > 0) as typeof write;
    try {
      const out = join(folder, "never");
      expect(await run(["train", "--data", data, "--out", out, option, value])).toBe(2);
    } finally {
      process.stderr.write = write;
    }
    expect(written.join("")).toMatch(/^palette: [^\n]+\n$/);
    expect(await exists(join(folder, "never"))).toBe(false);
  });
});
