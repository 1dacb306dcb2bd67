import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure.ts";
import { sha256, tinyLabels, tinyManifest } from "../../test/support/tiny-network.ts";
import {
  type NetworkManifest,
  type NetworkManifestInput,
  parseManifest,
} from "../evaluation/features/manifest.ts";
import { downloadNetwork } from "./download-network.ts";

const content = Uint8Array.from({ length: 400_000 }, (_, i) => (i * 7919) % 251);
const labels = new TextEncoder().encode(tinyLabels);

let folder: string;
let server: Server;
let base: string;
/** The paths that the server was asked for. */
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

function serveFiles(request: IncomingMessage, response: ServerResponse): void {
  const whole = request.url === "/tiny.txt" ? labels : content;
  response.setHeader("content-length", whole.length);
  response.end(whole);
}

/** Sends part of the file and breaks the connection. */
function breakOff(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("content-length", content.length);
  response.write(content.subarray(0, 150_000), () => setTimeout(() => response.destroy(), 50));
}

function manifestWith(changes: Partial<NetworkManifestInput> = {}): NetworkManifest {
  const manifest: NetworkManifestInput = {
    ...tinyManifest,
    url: `${base}/tiny.onnx`,
    sha256: sha256(content),
    bytes: content.length,
    labels: { file: "tiny.txt", url: `${base}/tiny.txt`, sha256: sha256(labels) },
    ...changes,
  };
  return parseManifest(JSON.stringify(manifest), "tiny.json");
}

const path = (name: string) => join(folder, name);
const get = (options = {}) => downloadNetwork(manifestWith(), { folder, ...options });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "palette-get-"));
  asked = [];
  answer = serveFiles;
  server = createServer((request, response) => {
    asked.push(request.url!);
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
    expect(gotten).toEqual({ path: path("tiny.onnx"), downloaded: true });
    expect(sha256(await readFile(path("tiny.onnx")))).toBe(sha256(content));
    expect(await readFile(path("tiny.txt"), "utf8")).toBe(tinyLabels);
    expect([steps[0], steps.at(-1)]).toEqual([0, content.length]);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));

    asked = [];
    expect(await get()).toMatchObject({ downloaded: false });
    expect(asked).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(["tiny.onnx", "tiny.txt"]);
  });

  it("leaves nothing when the connection breaks, and is done by the same call again", async () => {
    answer = breakOff;
    expect(await failureOf(get())).toMatch(/Cannot fetch .*\.onnx \(.*\); check the connection/);
    expect(await readdir(folder)).toEqual([]);
    answer = serveFiles;
    await get();
    expect(sha256(await readFile(path("tiny.onnx")))).toBe(sha256(content));
  });

  it("leaves a file of that name which is another one", async () => {
    await writeFile(path("tiny.onnx"), "mine");
    expect(await failureOf(get())).toMatch(/tiny\.onnx is there already, .*: move it away/);
    expect(await readFile(path("tiny.onnx"), "utf8")).toBe("mine");
  });

  it("stops by a signal, throws its reason and leaves nothing", async () => {
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
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("getting fails in one line", () => {
  it("for wrong content, which is not kept", async () => {
    answer = (_request, response) => response.end(content.map((byte) => byte ^ 1));
    expect(await failureOf(get())).toMatch(/another file \(400,000 bytes, SHA-256 /);
    answer = (_request, response) => response.end("version https://git-lfs.github.com/spec/v1");
    expect(await failureOf(get())).toContain("42 bytes");
    expect(await readdir(folder)).toEqual([]);
  });

  it("for a file longer than expected, which is not read to its end", async () => {
    let sent = 0;
    answer = (_request, response) => {
      const chunk = Buffer.alloc(100_000);
      const more = () => {
        sent += chunk.length;
        response.write(chunk, () => !response.destroyed && more());
      };
      more();
    };
    expect(await failureOf(get())).toContain("another file");
    expect(sent).toBeLessThan(1e8);
    expect(await readdir(folder)).toEqual([]);
  });

  it("for what the server refuses", async () => {
    answer = (_request, response) => {
      response.statusCode = 404;
      response.end("gone");
    };
    expect(await failureOf(get())).toContain("answers 404 Not Found");
    answer = (_request, response) => {
      response.statusCode = 503;
      response.end();
    };
    expect(await failureOf(get())).toContain("answers 503");
    expect(await readdir(folder)).toEqual([]);
  });

  it("without a connection", async () => {
    const away = manifestWith({ url: "http://127.0.0.1:1/tiny.onnx" });
    expect(await failureOf(downloadNetwork(away, { folder }))).toMatch(
      /Cannot fetch http:\/\/127\.0\.0\.1:1\/.*check the connection/,
    );
  });

  it("where nothing can be written", async () => {
    // Not even root writes a file over a folder.
    await mkdir(join(folder, "tiny.onnx"));
    expect(await failureOf(get())).toMatch(/Cannot write .*tiny\.onnx/);
    await rm(join(folder, "tiny.onnx"), { recursive: true });
  });

  it("for a name or a network that cannot be had", async () => {
    expect(await failureOf(downloadNetwork("inception", { folder }))).toMatch(
      /no network inception.*googlenet-12 or mobilenetv2-12/,
    );
    expect(await failureOf(downloadNetwork("googlenet", { folder }))).toContain(
      "no public address",
    );
    expect(asked).toEqual([]);
  });
});
