/**
 * `npm run docs:screenshots [-- NAME...]`: the pictures of docs/studio.md, of the page as it is, on
 * the studio's server and the bundled model; and those of docs/browser.md, of the site. Needs
 * Chromium (CHROMIUM or /usr/bin/chromium).
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import sharp from "sharp";
import { build } from "vite";
import { startStudio } from "../../src/studio/server/server.ts";
import type { Settings } from "../../src/studio/web/state/settings.ts";
import { serveFolder } from "../../test/support/chromium.ts";
import { buildSite } from "../studio/build-site.ts";

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const wide = { viewport: { width: 1280, height: 800 } };
const narrow = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true };
const settings: Partial<Settings> = { samples: 3, seed: 4, language: "en" };

interface Shot {
  readonly name: string;
  readonly theme: "light" | "dark";
  readonly context?: BrowserContextOptions;
  readonly settings?: Partial<Settings>;
  readonly act: (page: Page) => Promise<void>;
}

const ofServer: readonly Shot[] = [
  { name: "welcome", theme: "light", act: async (page) => void (await imagesLoaded(page)) },
  {
    name: "colorize",
    theme: "light",
    async act(page) {
      await sample(page, "Give colour");
      await run(page);
      await page.keyboard.press(".");
      await page.keyboard.press("s");
    },
  },
  {
    name: "fill",
    theme: "dark",
    async act(page) {
      await sample(page, "Remove a rock");
      await page.locator(".surface").hover({ position: { x: 300, y: 210 } });
    },
  },
  {
    name: "answers",
    theme: "dark",
    async act(page) {
      await sample(page, "Remove a rock");
      await run(page);
      await page.keyboard.press("g");
    },
  },
  {
    name: "extend",
    theme: "light",
    async act(page) {
      await sample(page, "Look further");
      await page.getByRole("button", { name: "All around" }).click();
    },
  },
  {
    name: "panorama",
    theme: "dark",
    async act(page) {
      await sample(page, "Look further");
      await page.getByRole("radio", { name: "Panorama" }).check();
      await run(page);
    },
  },
  {
    name: "repair",
    theme: "light",
    // At the photo's own pixels: some fifty tiles a step.
    settings: { samples: 2 },
    async act(page) {
      await sample(page, "Repair a JPEG");
      await run(page);
      await page.keyboard.press("s");
      for (let k = 0; k < 3; k++) await page.keyboard.press("+");
    },
  },
  {
    name: "working",
    theme: "light",
    async act(page) {
      await sample(page, "Look further");
      await page.locator("button[name=start]").click();
      await page.getByText(/^Step [6-9] of/).waitFor({
        timeout: 300_000,
      });
    },
  },
  { name: "keys", theme: "dark", act: (page) => page.keyboard.press("?") },
  {
    name: "narrow-fill",
    theme: "light",
    context: narrow,
    act: (page) => sample(page, "Remove a rock"),
  },
  {
    name: "narrow-answers",
    theme: "dark",
    context: narrow,
    async act(page) {
      await sample(page, "Give colour");
      await run(page);
      await page.keyboard.press(".");
      await page.keyboard.press("s");
    },
  },
];

const ofSite: readonly Shot[] = [
  {
    name: "machine",
    theme: "light",
    act: (page) => page.getByRole("button", { name: "This machine" }).click(),
  },
  {
    name: "answers",
    theme: "light",
    settings: { samples: 2 },
    async act(page) {
      await sample(page, "Give colour");
      await run(page);
      await page.keyboard.press("s");
    },
  },
  {
    name: "too-large",
    theme: "dark",
    settings: { samples: 2 },
    async act(page) {
      const photo = await sharp(path("samples/fields.jpg"))
        .resize(5472, 3648, { fit: "cover" })
        .jpeg({ quality: 15 })
        .toBuffer();
      await page.locator("#studio > input[type=file]").setInputFiles({
        name: "field.jpg",
        mimeType: "image/jpeg",
        buffer: photo,
      });
      await page.locator(".surface").waitFor();
      await page.getByRole("navigation").getByRole("button", { name: "Repair" }).click();
      await page.getByRole("button", { name: /^Go on with/ }).waitFor();
    },
  },
  {
    name: "narrow",
    theme: "dark",
    context: narrow,
    act: (page) => page.getByRole("button", { name: "This machine" }).click(),
  },
  { name: "mine", theme: "light", act: async (page) => void (await photosToLearn(page)) },
  {
    name: "mine-learned",
    theme: "dark",
    async act(page) {
      const dialog = await photosToLearn(page);
      for (const task of ["Fill", "Extend", "Repair"]) {
        await dialog.getByRole("checkbox", { name: task }).uncheck();
      }
      await dialog.getByLabel("How long", { exact: true }).fill("240");
      await dialog.getByLabel("How long", { exact: true }).blur();
      await dialog.getByRole("button", { name: "Start training" }).click();
      const heldOut = dialog.getByText(/^Error on photos that were not trained on/);
      await heldOut.waitFor({ timeout: 1_200_000 });
      await dialog.getByText(/was stopped at 240 images/).waitFor();
      const compare = dialog.getByRole("slider", { name: "Compare" });
      await compare.fill("50");
      await compare.scrollIntoViewIfNeeded();
    },
  },
];

/** The window of "Make it mine" with the left and the right half of each sample in it. */
async function photosToLearn(page: Page): Promise<Locator> {
  await page.getByRole("button", { name: "Make it mine" }).click();
  const dialog = page.getByRole("dialog");
  const names = (await readdir(path("samples"))).filter((name) => name.endsWith(".jpg"));
  const halves = names.map(async (name) => {
    const file = path(`samples/${name}`);
    const { width, height } = await sharp(file).metadata();
    const half = Math.floor(width / 2);
    return Promise.all(
      [0, width - half].map(async (left) => ({
        name: `${left}-${name}`,
        mimeType: "image/jpeg",
        buffer: await sharp(file).extract({ left, top: 0, width: half, height }).toBuffer(),
      })),
    );
  });
  const photos = (await Promise.all(halves)).flat();
  await dialog.locator("input[type=file]").setInputFiles(photos);
  await dialog.getByText(`${photos.length} photos.`).waitFor();
  return dialog;
}

async function sample(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).click();
  await page.locator(".surface").waitFor();
}

async function run(page: Page): Promise<void> {
  await page.locator("button[name=start]").click();
  await page.getByRole("button", { name: "Answer 1" }).waitFor({ timeout: 600_000 });
}

async function imagesLoaded(page: Page): Promise<void> {
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
}

async function take(browser: Browser, address: string, shot: Shot, set: string): Promise<void> {
  const { name, theme, context: options = wide, act } = shot;
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  const kept = JSON.stringify({ ...settings, ...shot.settings, theme });
  await context.addInitScript(`localStorage.setItem("studio.settings", ${JSON.stringify(kept)})`);
  const page = await context.newPage();
  await page.goto(address);
  await page.locator("main").waitFor();
  await act(page);
  for (const note of await page.locator(".notice button").all()) await note.click();
  await imagesLoaded(page);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const png = await page.screenshot();
  await sharp(png)
    .webp({ quality: 82 })
    .toFile(path(`docs/images/${set}/${name}.webp`));
  await context.close();
  console.log(`docs/images/${set}/${name}.webp`);
}

/** Those of the set that are asked for by name, as `browser/answers`; without names all of them. */
async function takeSet(set: string, shots: readonly Shot[], address: string): Promise<void> {
  await mkdir(path(`docs/images/${set}`), { recursive: true });
  for (const shot of shots) await take(browser, address, shot, set);
}

const names = process.argv.slice(2);
const asked = (set: string, shots: readonly Shot[]) =>
  shots.filter(({ name }) => names.length === 0 || names.includes(`${set}/${name}`));
const built = await mkdtemp(join(tmpdir(), "palette-page-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  const studioShots = asked("studio", ofServer);
  if (studioShots.length > 0) {
    const page = join(built, "page");
    await build({
      configFile: path("vite.studio.config.ts"),
      logLevel: "error",
      build: { outDir: page },
    });
    const { version } = JSON.parse(await readFile(path("package.json"), "utf8"));
    const studio = await startStudio({ version, port: 0, page });
    await takeSet("studio", studioShots, studio.url).finally(() => studio.stop(0));
  }
  const siteShots = asked("browser", ofSite);
  if (siteShots.length > 0) {
    await buildSite({ out: join(built, "site") });
    const site = await serveFolder(join(built, "site"));
    await takeSet("browser", siteShots, site.address).finally(() => site.close());
  }
} finally {
  await browser.close();
  await rm(built, { recursive: true, force: true });
}
