/**
 * Carries out a case: the command in this process or in one of its own, or a call of the library.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../src/cli/run.ts";
import { importNetwork } from "../../src/interop/import-network.ts";
import { readImage, readPhoto } from "../../src/node/decode-image.ts";
import { loadModel } from "../../src/node/model-folder.ts";
import { readMask } from "../../src/node/read-mask.ts";
import { PaletteError, reasonOf, UsageError } from "../../src/util/errors.ts";
import type { Case, LibraryCall } from "./cases.ts";
import { pictureSize } from "./specimens.ts";
import { type Ending, type Fault, faultsOf } from "./verdict.ts";
import { filesBelow, halfFiles, isTemporary } from "./whole-files.ts";

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** How the command is started as a program. */
export const palette = [process.execPath, "--import", import.meta.resolve("tsx"), program] as const;

/** Runs the case in its room and says what is wrong with what came of it. */
export async function execute(
  one: Case,
  room: string,
  { asProcess }: { readonly asProcess: boolean },
): Promise<{ ending: Ending; faults: Fault[] }> {
  const before = await digests(room);
  const ending =
    "call" in one.run
      ? await called(one.run.call)
      : asProcess
        ? await spawned(one.run.argv, room)
        : await inThisProcess(one.run.argv, room);
  const faults = [...faultsOf(one, ending), ...(await faultsOnDisk(one, room, before))];
  return { ending, faults };
}

/** What is wrong with the files: what was given has its bytes, and all that is new is whole. */
async function faultsOnDisk(
  { mayChange = [] }: Case,
  room: string,
  before: ReadonlyMap<string, string>,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const after = await digests(room);
  const free = (name: string) => mayChange.some((path) => join(room, name).startsWith(path));
  for (const [name, digest] of before) {
    if (!free(name) && after.get(name) !== digest)
      faults.push({ kind: "input changed", detail: name });
  }
  const made = [...after.keys()].filter((name) => !before.has(name));
  const left = made.filter((name) => isTemporary(name.split("/").at(-1) ?? ""));
  if (left.length > 0) faults.push({ kind: "leftovers", detail: left.join(", ") });
  const places = new Set(made.map((name) => name.split("/")[0] ?? ""));
  for (const place of places) {
    for (const half of await halfFiles(join(room, place)))
      if (!before.has(join(place, half.split(": ")[0] ?? "")))
        faults.push({ kind: "half a file", detail: half });
  }
  return faults;
}

async function digests(room: string): Promise<Map<string, string>> {
  const names = await filesBelow(room);
  const found = names.map(async (name): Promise<[string, string]> => {
    const bytes = await readFile(join(room, name));
    return [name, createHash("sha1").update(bytes).digest("hex")];
  });
  return new Map(await Promise.all(found));
}

async function inThisProcess(argv: readonly string[], room: string): Promise<Ending> {
  const written = { stdout: "", stderr: "" };
  const real = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = (text: string | Uint8Array) => {
      written[name] += typeof text === "string" ? text : Buffer.from(text).toString();
      return true;
    };
  }
  const start = performance.now();
  const home = process.cwd();
  process.chdir(room);
  try {
    const code = await run(argv);
    return { code, ...written, milliseconds: performance.now() - start };
  } finally {
    process.chdir(home);
    process.stdout.write = real.stdout;
    process.stderr.write = real.stderr;
  }
}

/** Runs the program; `wrap` is what starts it, such as another user. */
export function spawned(
  argv: readonly string[],
  room: string,
  wrap: readonly string[] = [],
): Promise<Ending> {
  const [command = "", ...words] = [...wrap, ...palette, ...argv];
  const start = performance.now();
  const child = spawn(command, words, { cwd: room, stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, ...written, milliseconds: performance.now() - start }),
    );
  });
}

/** A refusal of the library as the command would report it. */
async function called(call: LibraryCall): Promise<Ending> {
  const start = performance.now();
  const ended = (code: number, stderr: string) => ({
    ...{ code, stderr, stdout: "" },
    milliseconds: performance.now() - start,
  });
  try {
    const input = call.bytes ? await readFile(call.path) : call.path;
    const { width, height } = pictureSize;
    if (call.name === "readImage") await readImage(input);
    else if (call.name === "readMask") await readMask(input, width, height);
    else if (call.name === "readPhoto") await readPhoto(call.path);
    else if (call.name === "importNetwork") await importNetwork(call.path, { name: "given" });
    else await loadModel(call.path);
    return ended(0, "");
  } catch (error) {
    if (error instanceof PaletteError)
      return ended(error instanceof UsageError ? 2 : 1, `palette: ${error.message}\n`);
    return ended(1, `palette: unexpected: ${reasonOf(error)}\n`);
  }
}
