/** The suite's page in Debian's Chromium: bundled by Vite, served from memory, driven by Playwright. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";

const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Whether the browser half can run on this machine. */
export const hasChromium = existsSync(executable);

/** Files of the server by path; an entry is read from disk, or served as it is. */
export type Served = Readonly<
  Record<string, { readonly file: string } | { readonly text: string }>
>;

export interface BrowserPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** Builds test/runtime/page into `folder`, serves it with the other files, and opens it. */
export async function openPage(folder: string, served: Served): Promise<BrowserPage> {
  const root = fileURLToPath(new URL("./page", import.meta.url));
  await build({
    root,
    configFile: false,
    logLevel: "error",
    publicDir: false,
    build: { outDir: folder, emptyOutDir: true, target: "es2023", minify: false },
    worker: { format: "es" },
  });
  const server = await serve(folder, served);
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath: executable,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`page: ${message.text()}`);
  });
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction("globalThis.runtimeSuite !== undefined");
  return { page, close: () => closeAll(browser, server) };
}

async function closeAll(browser: Browser, server: Server): Promise<void> {
  await browser.close();
  await new Promise((done) => server.close(done));
}

const types: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  json: "application/json",
  wasm: "application/wasm",
};

/** A static server that answers ranges, as `urlSource` asks for them. */
async function serve(folder: string, served: Served): Promise<Server> {
  const server = createServer(async ({ url = "/", headers }, response) => {
    const path = url === "/" ? "/index.html" : url.split("?")[0]!;
    const entry = served[path];
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
