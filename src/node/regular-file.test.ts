import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { readToEnd } from "./regular-file.ts";
import { fileSource } from "./safetensors-file.ts";

const { at, written } = temporaryFiles(".txt");

describe("what is read as a file", () => {
  it("is a file, or for a reader to the end a pipe", async () => {
    expect((await readToEnd(await written("abc"))).toString()).toBe("abc");
  });

  it.runIf(process.platform === "linux")("is no device, which has no end", async () => {
    await expect(readToEnd("/dev/zero")).rejects.toThrow("it is a device, not a file");
  });

  it("is no folder and no pipe where parts of it are read", async () => {
    await mkdir(at("folder"));
    await expect(fileSource(at("folder"))).rejects.toThrow("it is a folder, not a file");
    if (process.platform === "win32") return;
    execFileSync("mkfifo", [at("pipe")]);
    await expect(fileSource(at("pipe"))).rejects.toThrow("it is a pipe, not a file");
  });
});
