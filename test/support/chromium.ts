/** Pages in Debian's Chromium: bundled by Vite, served from a folder, driven by Playwright. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";

const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Whether tests in a browser can run on this machine. */
const hasChromium = existsSync(executable);

const inCi = process.env.CI !== undefined;

/** Whether tests in a browser are left out: never in CI, where Chromium has to be. */
export const skipsChromium = !hasChromium && !inCi;

if (skipsChromium) {
  console.warn("Tests in a browser are skipped: install Chromium (apt-get install chromium).");
}

/** WebGPU by SwiftShader, which computes on the processor: for what is right, not how fast. */
const softwareGpu = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--ignore-gpu-blocklist",
];

/** @param options.gpu with a software adapter of WebGPU; default none */
export function launchChromium({ gpu = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...(gpu ? softwareGpu : [])],
  });
}

/** Files of the server by path; an entry is read from disk, served as it is, or answers itself. */
export type Served = Readonly<
  Record<
    string,
    | { readonly file: string }
    | { readonly text: string }
    | { readonly answer: (response: ServerResponse) => void }
  >
>;

export interface Site {
  /** With a slash at its end. */
  readonly address: string;
  close(): Promise<void>;
}

/** Builds the page of `root` into `folder` and serves it with the other files and these headers. */
export async function serveSite(
  root: string,
  folder: string,
  served: Served = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Site> {
  await build({
    root,
    base: "./",
    configFile: false,
    logLevel: "error",
    publicDir: false,
    build: { outDir: folder, emptyOutDir: true, target: "es2023", minify: false },
    worker: { format: "es" },
  });
  return serveFolder(folder, served, headers);
}

/** Serves a folder with the other files and these headers. */
export async function serveFolder(
  folder: string,
  served: Served = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const server = await serve(folder, served, headers);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

/** Tells of errors in a page. */
export function reportErrors(page: Page): void {
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`page: ${message.text()}`);
  });
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
}

const types: Readonly<Record<string, string>> = {
  html: "text/html",
  css: "text/css",
  js: "text/javascript",
  mjs: "text/javascript",
  json: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  jpg: "image/jpeg",
  png: "image/png",
  wasm: "application/wasm",
};

/** A static server that answers ranges, as `urlSource` asks for them, and other sites' pages. */
async function serve(
  folder: string,
  served: Served,
  more: Readonly<Record<string, string>>,
): Promise<Server> {
  const server = createServer(async ({ url = "/", headers }, response) => {
    const [asked = "/"] = url.split("?");
    const path = asked.endsWith("/") ? `${asked}index.html` : asked;
    const entry = served[path];
    for (const [name, value] of Object.entries(more)) response.setHeader(name, value);
    if (entry !== undefined && "answer" in entry) {
      entry.answer(response);
      return;
    }
    response.setHeader("Access-Control-Allow-Origin", "*");
    try {
      const content =
        entry !== undefined && "text" in entry
          ? Buffer.from(entry.text)
          : await readFile(entry?.file ?? join(folder, path));
      response.setHeader(
        "Content-Type",
        types[path.split(".").at(-1)!] ?? "application/octet-stream",
      );
      const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
      if (range === null) {
        response.end(content);
        return;
      }
      const [start, end] = [Number(range[1]), Math.min(Number(range[2]), content.length - 1)];
      response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${content.length}` });
      response.end(content.subarray(start, end + 1));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}
