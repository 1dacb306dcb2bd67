import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { palette } from "../../test/support/command.ts";
import { program as main } from "../../test/support/compiled.ts";
import { pictureFile, savedModel } from "../../test/support/studio.ts";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { StudioClient } from "../studio/client/index.ts";

const { at } = temporaryFiles("");
let model: string;

beforeAll(async () => {
  model = await savedModel(at("model"));
  await mkdir(at("photos"));
});

const started: { kill(signal: "SIGKILL"): unknown }[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** The program in a process of its own, once it has said its address. */
async function program(...args: string[]) {
  const child = spawn(process.execPath, [main, "studio", "--no-open", "--model", model, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const [address] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, exit, address };
}

describe("palette studio", () => {
  it("serves a folder, and on SIGTERM finishes what runs and exits 0", async () => {
    const { child, exit, address } = await program("--port", "0", at("photos"));
    const api = new StudioClient({ url: address });
    expect(await api.folder()).toEqual({ name: "photos", photos: [] });
    const image = new Blob([new Uint8Array(await pictureFile(40, 40))]);
    const answer = api.restore({ task: "colorize", image, options: { steps: 20 } });
    await expect.poll(async () => (await api.health()).running, { timeout: 60_000 }).toBe(1);
    child.kill("SIGTERM");
    expect(await answer).toMatchObject({ type: "image/png" });
    expect(await exit).toBe(0);
  });

  it("takes another port when its own is taken, asks for its token, and stops at once", async () => {
    const other = createServer().listen(7860, "127.0.0.1");
    // Whoever has it, it is taken.
    await Promise.race([once(other, "listening"), once(other, "error")]);
    const { child, exit, address } = await program("--token");
    const { origin, port, searchParams } = new URL(address);
    expect(port).not.toBe("7860");
    const token = searchParams.get("token") ?? "";
    expect(token).toMatch(/^[\w-]{20,}$/);
    await expect(new StudioClient({ url: origin }).models()).rejects.toThrow(/token is needed/);
    expect(await new StudioClient({ url: origin, token }).models()).toHaveLength(1);
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
    other.close();
  });

  it("refuses in one line what it cannot do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    for (const [args, code, line] of [
      [["--host", "0.0.0.0"], 2, /Others can reach 0\.0\.0\.0: .*--token.*--no-auth/],
      [["--token", "two words"], 2, /token is a word/],
      [["a", "--folder", "b"], 2, /Two folders/],
      [[at("missing")], 1, /missing cannot be shown as a folder/],
      [["--port", String(port)], 1, new RegExp(`Port ${port} of 127.0.0.1 is taken`)],
      [["--port", "http"], 2, /whole number from 0 to 65535/],
      [["--model", at("photos")], 1, /config\.json/],
    ] as const) {
      const { code: exit, stderr } = await palette(
        "studio",
        "--no-open",
        "--model",
        model,
        ...args,
      );
      expect([exit, stderr]).toEqual([code, expect.stringMatching(line)]);
      expect(stderr.trim()).not.toContain("\n");
    }
    other.close();
  });
});
