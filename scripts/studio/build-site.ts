/**
 * `npm run build:site [-- --model FOLDER ...] [--out FOLDER]`: the studio as static files that need
 * no server, with its models (default: the bundled ones), for any host and any folder of it.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { build, type Plugin } from "vite";
import { configFile, weightsFile } from "../../src/models/model.ts";
import { bundledModels, findModel, loadModelConfig } from "../../src/node/model-folder.ts";
import { policyFor } from "../../src/studio/web/local/policy.ts";
import { pageConfig } from "./page-config.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

export interface SiteOptions {
  /** Where it is built; what is there is replaced. */
  readonly out: string;
  /** Names or folders, the first is the default one; default: the bundled models. */
  readonly models?: readonly string[];
}

export async function buildSite({ out, models }: SiteOptions): Promise<void> {
  await build({
    ...pageConfig(out, { site: true, plugins: [pageOfSite()] }),
    configFile: false,
    logLevel: "error",
  });
  await writeIcons(out);
  await copyModels(out, models ?? (await bundledModels()));
  await buildServiceWorker(out);
}

/** The page's policy, and what makes it installable. */
function pageOfSite(): Plugin {
  const ownPolicy = /(http-equiv="Content-Security-Policy" content=")[^"]*/;
  return {
    name: "page-of-site",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const links = [
          { rel: "manifest", href: "./site.webmanifest" },
          { rel: "apple-touch-icon", href: "./icon-192.png" },
          // What the page imports next is on its way while it is read.
          ...Object.values(bundle)
            .filter((chunk) => chunk.type === "chunk" && chunk.isDynamicEntry)
            .map(({ fileName }) => ({ rel: "modulepreload", href: `./${fileName}` })),
        ];
        return {
          html: html.replace(ownPolicy, `$1${policyFor()}`),
          tags: links.map((attrs) => ({ tag: "link", attrs, injectTo: "head" })),
        };
      },
    },
  };
}

const background = "#17171a";

async function writeIcons(out: string): Promise<void> {
  const drawing = path("src/studio/web/styles/icon.svg");
  const sizes = [192, 512];
  for (const side of sizes) {
    await sharp(drawing, { density: 600 })
      .resize(side, side)
      .png({ palette: true })
      .toFile(join(out, `icon-${side}.png`));
  }
  const icon = (src: string, size: string, type: string) => ({ src, sizes: size, type });
  const manifest = {
    name: "Palette Studio",
    short_name: "Palette",
    description: "Restores photos on this machine: colours, holes, edges, JPEGs.",
    start_url: "./",
    scope: "./",
    display: "standalone",
    background_color: background,
    theme_color: background,
    icons: [
      icon("./icon.svg", "any", "image/svg+xml"),
      ...sizes.map((side) => icon(`./icon-${side}.png`, `${side}x${side}`, "image/png")),
    ],
  };
  await writeFile(join(out, "site.webmanifest"), JSON.stringify(manifest));
}

/** The models' folders, and the list of them. */
async function copyModels(out: string, models: readonly string[]): Promise<void> {
  const list = [];
  for (const model of models) {
    const from = await findModel(model);
    const folder = basename(resolve(from));
    const to = join(out, "models", folder);
    await mkdir(to, { recursive: true });
    for (const file of [configFile, weightsFile, "README.md"]) {
      await cp(join(from, file), join(to, file)).catch((error: NodeJS.ErrnoException) => {
        if (file !== "README.md" || error.code !== "ENOENT") throw error;
      });
    }
    const weights = await readFile(join(to, weightsFile));
    list.push({
      folder,
      bytes: weights.length,
      digest: createHash("sha256").update(weights).digest("hex"),
      config: await loadModelConfig(from),
    });
  }
  await writeFile(join(out, "models", "models.json"), JSON.stringify(list));
}

/** Fetched when it is first needed: engines, of which one is used. */
const engine = /\.wasm$/;
/** The page keeps models itself; of the others the site has no list. */
const unlisted = /^models\/.*\/|^service-worker\.js$|^index\.html$/;

async function buildServiceWorker(out: string): Promise<void> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !unlisted.test(file))
    .sort();
  const contents = createHash("sha256");
  for (const file of ["index.html", ...files]) {
    contents.update(file).update(await readFile(join(out, file)));
  }
  await build({
    configFile: false,
    logLevel: "error",
    publicDir: false,
    define: {
      // The page itself is the site's own address.
      SITE_FILES: JSON.stringify(["./", ...files.filter((file) => !engine.test(file))]),
      SITE_LATER: JSON.stringify(files.filter((file) => engine.test(file))),
      SITE_VERSION: JSON.stringify(contents.digest("hex").slice(0, 12)),
    },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2023",
      rolldownOptions: {
        input: path("src/studio/web/local/service-worker.ts"),
        output: { entryFileNames: "service-worker.js", format: "iife" },
      },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: path("dist/site") },
      model: { type: "string", multiple: true },
    },
  });
  const out = resolve(values.out);
  await buildSite({ out, ...(values.model && { models: values.model }) });
  const { size } = await stat(join(out, "service-worker.js"));
  console.log(`${relative(process.cwd(), out) || out}: the site (service worker ${size} bytes)`);
}
