import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure.ts";
import { sha256, tinyLabels, tinyManifest } from "../../../test/support/tiny-network.ts";
import { getNetwork } from "./download.ts";
import type { NetworkManifestInput } from "./manifest.ts";

const content = Uint8Array.from({ length: 400_000 }, (_, i) => (i * 7919) % 251);
const labels = new TextEncoder().encode(tinyLabels);

let folder: string;
let server: Server;
let base: string;
/** What the server was asked for: path and range. */
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

/** A server of files that does ranges. */
function serveFiles(request: IncomingMessage, response: ServerResponse): void {
  const whole = request.url === "/tiny.txt" ? labels : content;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (from > 0) {
    response.statusCode = 206;
    response.setHeader("content-range", `bytes ${from}-${whole.length - 1}/${whole.length}`);
  }
  response.setHeader("content-length", whole.length - from);
  response.end(whole.subarray(from));
}

/** Sends part of the file and breaks the connection. */
function breakOff(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("content-length", content.length);
  response.write(content.subarray(0, 150_000), () => setTimeout(() => response.destroy(), 50));
}

async function describeNetwork(changes: Partial<NetworkManifestInput> = {}): Promise<void> {
  const manifest: NetworkManifestInput = {
    ...tinyManifest,
    url: `${base}/tiny.onnx`,
    sha256: sha256(content),
    bytes: content.length,
    labels: { file: "tiny.txt", url: `${base}/tiny.txt`, sha256: sha256(labels) },
    ...changes,
  };
  await writeFile(join(folder, "tiny.json"), JSON.stringify(manifest));
}

const path = (name: string) => join(folder, name);
const get = (options = {}) => getNetwork("tiny", { folder, ...options });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-get-"));
  asked = [];
  answer = serveFiles;
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? "whole"}`);
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await describeNetwork();
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

describe("getting a network", () => {
  it("brings the file and its list of classes, says how far it is, and does so once", async () => {
    const steps: number[] = [];
    const gotten = await get({
      onProgress: (done: number, total: number) => {
        steps.push(done);
        expect(total).toBe(content.length);
      },
    });
    expect(gotten).toEqual({
      path: path("tiny.onnx"),
      labels: path("tiny.txt"),
      downloaded: true,
    });
    expect(sha256(await readFile(path("tiny.onnx")))).toBe(sha256(content));
    expect(await readFile(path("tiny.txt"), "utf8")).toBe(tinyLabels);
    expect([steps[0], steps.at(-1)]).toEqual([0, content.length]);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));

    asked = [];
    expect(await get()).toMatchObject({ downloaded: false });
    expect(asked).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(["tiny.json", "tiny.onnx", "tiny.txt"]);
  });

  it("continues after the connection broke", async () => {
    answer = breakOff;
    expect(await failureOf(get())).toMatch(/broke after 0\.\d MB .*same command again/);
    const rest = (await readFile(path("tiny.onnx.part"))).length;
    expect(rest).toBe(150_000);
    answer = serveFiles;
    await get();
    expect(asked[1]).toBe("/tiny.onnx bytes=150000-");
    expect(sha256(await readFile(path("tiny.onnx")))).toBe(sha256(content));
  });

  it("starts again where the server does no ranges, or refuses the range", async () => {
    for (const status of [200, 416]) {
      await rm(path("tiny.onnx"), { force: true });
      await writeFile(path("tiny.onnx.part"), content.subarray(0, 1000));
      answer = (request, response) => {
        if (status === 416 && request.headers.range) {
          response.statusCode = 416;
          response.end();
          return;
        }
        delete request.headers.range;
        serveFiles(request, response);
      };
      await get();
      expect(sha256(await readFile(path("tiny.onnx")))).toBe(sha256(content));
    }
  });

  it("asks for nothing when all had arrived before the stop", async () => {
    await writeFile(path("tiny.onnx.part"), content);
    await get();
    expect(asked).toEqual(["/tiny.txt whole"]);
  });

  it("replaces a file of that name which is another one", async () => {
    await writeFile(path("tiny.onnx"), "old");
    expect(await get()).toMatchObject({ downloaded: true });
  });

  it("stops by a signal, throws its reason and continues later", async () => {
    answer = (_request, response) => {
      response.setHeader("content-length", content.length);
      response.write(content.subarray(0, 100_000));
    };
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const stopped = get({
      signal: controller.signal,
      onProgress: (done: number) => done > 0 && controller.abort(reason),
    });
    await expect(stopped).rejects.toBe(reason);
    expect(existsSync(path("tiny.onnx"))).toBe(false);
    answer = serveFiles;
    await get();
    expect(asked[1]).toMatch(/bytes=\d+-/);
  });
});

describe("getting fails in one line", () => {
  it("for wrong content, which is deleted", async () => {
    answer = (_request, response) => response.end(content.map((byte) => byte ^ 1));
    expect(await failureOf(get())).toMatch(/SHA-256 .* and was deleted/);
    answer = (_request, response) => response.end("version https://git-lfs.github.com/spec/v1");
    expect(await failureOf(get())).toContain("42 bytes instead of 400,000");
    answer = (_request, response) => response.end(Buffer.alloc(2_000_000));
    expect(await failureOf(get())).toContain("instead of 400,000");
    expect(await readdir(folder)).toEqual(["tiny.json"]);
  });

  it("for a continued file whose beginning was another one", async () => {
    await writeFile(path("tiny.onnx.part"), "another");
    expect(await failureOf(get())).toContain("SHA-256");
    expect(await get()).toMatchObject({ downloaded: true });
  });

  it("for what the server refuses", async () => {
    answer = (_request, response) => {
      response.statusCode = 404;
      response.end("gone");
    };
    expect(await failureOf(get())).toMatch(/answers 404 Not Found; the file is no longer there/);
    answer = (_request, response) => {
      response.statusCode = 503;
      response.end();
    };
    expect(await failureOf(get())).toContain("answers 503");
    expect(await readdir(folder)).toEqual(["tiny.json"]);
  });

  it("without a connection", async () => {
    await describeNetwork({ url: "http://127.0.0.1:1/tiny.onnx" });
    expect(await failureOf(get())).toMatch(/Cannot reach 127\.0\.0\.1:1 .*check the connection/);
  });

  it.skipIf(!existsSync("/dev/full"))("without space on the disk", async () => {
    await symlink("/dev/full", path("tiny.onnx.part"));
    expect(await failureOf(get())).toMatch(/tiny\.onnx\.part: there is no space left/);
  });

  it("where nothing can be written", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const into = getNetwork("googlenet-12", { folder: join(file, "nets"), fetch: neverEnding });
    expect(await failureOf(into)).toContain("a part of the path is no folder");
  });

  it.skipIf(process.getuid?.() === 0)("without permission", async () => {
    const locked = join(folder, "locked");
    await mkdir(locked);
    await chmod(locked, 0o500);
    const into = getNetwork("googlenet-12", { folder: locked, fetch: neverEnding });
    expect(await failureOf(into)).toContain("permission denied");
  });

  it("for a name or a network that cannot be had", async () => {
    expect(await failureOf(getNetwork("inception", { folder }))).toMatch(
      /no network inception.*googlenet-12, mobilenetv2-12/,
    );
    expect(await failureOf(getNetwork("googlenet", { folder }))).toContain("no public address");
    await describeNetwork({ sha256: undefined });
    expect(await failureOf(get())).toContain("no SHA-256 to check it by");
    expect(asked).toEqual([]);
  });
});

/** A server elsewhere that would send something. */
const neverEnding: typeof fetch = async () => new Response(new Uint8Array(10));
