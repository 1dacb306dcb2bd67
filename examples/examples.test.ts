/** Every example runs, on tiny data. */
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { saveModel } from "../src/node/model-folder.ts";
import { randomModel } from "../test/random-model.ts";
import { writePhotos } from "../test/training-photos.ts";

let root: string;
const at = (name: string) => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-examples-"));
  await saveModel(at("model"), randomModel());
  await writePhotos(at("photos"), 8);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Runs a program with these arguments in this process; returns what it printed. */
async function run(program: string, ...argv: string[]): Promise<string[]> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void printed.push(line));
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const before = process.argv;
  process.argv = ["node", program, ...argv];
  try {
    await import(/* @vite-ignore */ new URL(`./${program}.ts`, import.meta.url).href);
  } finally {
    process.argv = before;
    log.mockRestore();
    error.mockRestore();
  }
  return printed;
}

const photo = () => join(at("photos"), "photo-000.png");

it("restores a photo", async () => {
  expect(await run("restore-a-photo", photo(), at("a.png"), at("model"), "2")).toEqual([
    at("a.png"),
  ]);
  await access(at("a.png"));
});

it("trains on a folder", async () => {
  const [model] = await run("train-on-a-folder", at("photos"), at("run"), "16");
  await access(join(model!, "config.json"));
});

it("trains a task of its own", async () => {
  const [model] = await run("task-of-ones-own", at("photos"), at("denoise"), "16");
  await access(join(model!, "config.json"));
});

it("samples with a sampler of its own", async () => {
  await run("sampler-of-ones-own", photo(), at("b.png"), at("model"));
  await access(at("b.png"));
});

it("fits a function", async () => {
  const lines = await run("fit-a-function", "400");
  const errors = lines.map((line) => Number(line.split(" ").at(-1)));
  expect(errors.at(-1)).toBeLessThan(errors[0]! / 20);
});
