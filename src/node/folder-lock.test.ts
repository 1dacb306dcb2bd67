import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdir,
  mkdtemp,
  readdir,
  rm,
  rmdir,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFile, lockFolder } from "./folder-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

function leave(holder: unknown): Promise<void> {
  return writeFile(join(folder, lockFile), JSON.stringify(holder));
}

/** Makes the lock five minutes older. */
async function age(): Promise<number> {
  const old = Date.now() - 5 * 60_000;
  await utimes(join(folder, lockFile), old / 1000, old / 1000);
  return old;
}

describe("the lock of a run folder", () => {
  it("is held by one at a time, and leaves nothing", async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(
      `Process ${process.pid} is training in ${folder} already`,
    );
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(folder)).release();
  });

  it("of a process that has ended is taken over", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await leave({ pid: child.pid, host: hostname(), started: null });
    await (await lockFolder(folder)).release();
  });

  it.runIf(process.platform === "linux")(
    "of an earlier process of the same number is taken over",
    async () => {
      await leave({ pid: process.pid, host: hostname(), started: "another boot 17" });
      await (await lockFolder(folder)).release();
    },
  );

  it("that was cut short is nobody's", async () => {
    await writeFile(join(folder, lockFile), '{"pid":');
    await (await lockFolder(folder)).release();
  });

  it("of another machine is respected while it is renewed", async () => {
    await leave({ pid: 1, host: "another-machine", started: null });
    await expect(lockFolder(folder)).rejects.toThrow(
      /on another-machine \(if it is gone, the folder is free 3 minutes later\)/,
    );
  });

  it("of another machine that is gone is taken over, also from one that only slept", async () => {
    await leave({ pid: 1, host: "another-machine", started: null });
    await age();
    const lock = await lockFolder(folder);
    await lock.assertHeld();
    await leave({ pid: 2, host: "a-third-machine", started: null });
    await expect(lock.assertHeld()).rejects.toThrow(/^Another process has taken [^\n]* over/);
    await lock.release();
    expect(await readdir(folder)).toEqual([lockFile]);
  });

  it("is renewed while it is held", async () => {
    const lock = await lockFolder(folder, "training", 2);
    const old = await age();
    await expect
      .poll(async () => (await stat(join(folder, lockFile))).mtimeMs)
      .toBeGreaterThan(old + 1000);
    await lock.assertHeld();
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("that cannot be read is said, with what to do", async () => {
    const path = join(folder, lockFile);
    await mkdir(path);
    await expect(lockFolder(folder)).rejects.toThrow(
      /^The lock [^\n]*cannot be read[^\n]*delete it/,
    );
    await rmdir(path);
    await symlink(join(folder, "nothing"), path);
    await expect(lockFolder(folder)).rejects.toThrow(
      /^The lock [^\n]*cannot be read[^\n]*delete it/,
    );
    expect(await readdir(folder)).toEqual([lockFile]);
  });

  it.runIf(process.platform !== "win32")("that is a pipe is not waited for", async () => {
    execFileSync("mkfifo", [join(folder, lockFile)]);
    await expect(lockFolder(folder)).rejects.toThrow(/it is a pipe, not a file[^\n]*delete it/);
  });

  it("whose takeover was cut off says what to delete", async () => {
    const dead = { pid: process.pid, host: hostname(), started: "another boot 17" };
    await leave(dead);
    await writeFile(join(folder, `.${lockFile}.takeover`), JSON.stringify(dead));
    await expect(lockFolder(folder)).rejects.toThrow(/\.lock\.takeover was left[^\n]*delete it/);
  });

  it("goes to exactly one of many who come at once upon a stale one", async () => {
    await leave({ pid: process.pid, host: hostname(), started: "another boot 17" });
    const script = `
      import("./src/node/folder-lock.ts").then(async ({ lockFolder }) => {
        try { await lockFolder(process.argv[1]); console.log("held"); }
        catch { console.log("refused"); }
        process.stdin.resume();
      });`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ["--import", "tsx", "-e", script, folder]),
    );
    try {
      const words = await Promise.all(
        children.map(async (child) => String((await once(child.stdout, "data"))[0]).trim()),
      );
      expect(words.filter((word) => word === "held")).toHaveLength(1);
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
  });
});
