/**
 * The package as pages get it from npm: in a bundler through its `exports`, and as one module
 * without a bundler. Both examples colorize a file.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createImage, toBytes } from "../../src/image/image.ts";
import { readImage } from "../../src/node/decode-image.ts";
import { writeImage } from "../../src/node/encode-image.ts";
import { saveModel } from "../../src/node/model-folder.ts";
import { randomModel } from "../random-model.ts";
import { launchChromium, type Site, serveFolder, skipsChromium } from "../support/chromium.ts";
import { temporaryFiles } from "../support/temporary-files.ts";

/** Milliseconds on a busy machine. */
const limit = 300_000;

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe.skipIf(skipsChromium)("the package in a page", () => {
  const { at } = temporaryFiles("");
  let site: Site;
  let browser: Browser;

  /** What `npm install palette-diffusion onnxruntime-web` leaves: the package beside the others. */
  async function install(): Promise<void> {
    const others = at("node_modules");
    const own = join(others, "palette-diffusion");
    await mkdir(own, { recursive: true });
    for (const name of await readdir(root("node_modules"))) {
      if (!name.startsWith(".")) await symlink(root(`node_modules/${name}`), join(others, name));
    }
    await cp(root("package.json"), join(own, "package.json"));
    const compiler = root("node_modules/typescript/bin/tsc");
    const project = ["-p", root("tsconfig.build.json"), "--outDir", join(own, "dist")];
    await promisify(execFile)(process.execPath, [compiler, ...project]);
    await saveModel(join(own, "models/photos-64"), randomModel({ name: "photos-64" }));
  }

  beforeAll(async () => {
    await install();
    const models = at("node_modules/palette-diffusion/models");
    // Vite follows links; the example has to lie beside the packages itself.
    await cp(root("examples/web/vite"), at("app"), { recursive: true });
    await symlink(at("node_modules"), at("app/node_modules"));
    await build({
      root: at("app"),
      configFile: at("app/vite.config.ts"),
      logLevel: "error",
      build: { outDir: at("site/bundled"), emptyOutDir: true },
    });
    await build({
      configFile: root("vite.browser.config.ts"),
      logLevel: "error",
      build: { outDir: at("site/plain/palette"), emptyOutDir: true },
    });
    await cp(root("examples/web/plain.html"), at("site/plain/index.html"));
    await cp(models, at("site/plain"), { recursive: true });
    site = await serveFolder(at("site"), { "/favicon.ico": { text: "" } });
    browser = await launchChromium();
  }, limit);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(["bundled", "plain"])(
    "%s: colorizes a chosen file",
    async (folder) => {
      const page = await browser.newPage();
      page.setDefaultTimeout(limit);
      const errors: string[] = [];
      page.on("pageerror", ({ message }) => errors.push(message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.goto(`${site.address}${folder}/index.html`);
      const photo = { ...createImage(40, 33), data: new Float32Array(3 * 40 * 33).map(Math.sin) };
      await writeImage(at("photo.png"), photo);
      await page.setInputFiles("input", at("photo.png"));
      await page.waitForFunction('document.querySelector("#status").textContent === "Done."');
      const bytes = await page.evaluate(
        "fetch(answer.src).then((r) => r.arrayBuffer()).then((b) => Array.from(new Uint8Array(b)))",
      );
      const answer = await readImage(Uint8Array.from(bytes as number[]));
      expect([answer.width, answer.height]).toEqual([40, 33]);
      expect(toBytes(answer)).not.toEqual(toBytes(photo));
      expect(errors).toEqual([]);
    },
    limit,
  );

  it("weighs little without ONNX Runtime", async () => {
    const bytes = await readFile(at("site/plain/palette/palette.js"));
    expect(bytes.length).toBeLessThan(300_000);
  });
});
