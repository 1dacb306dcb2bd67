/**
 * The main job, shown: `npm start [-- MODEL [PHOTOS]]` makes sample photos worse in all four ways, has
 * the bundled model (or MODEL, a folder or name) restore each twice, and writes a page and a contact
 * sheet to gallery/.
 */
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { complain, say } from "../src/cli/console.ts";
import { Interrupted, interruptible } from "../src/cli/interrupt.ts";
import { startProgress, whileWaiting } from "../src/cli/progress.ts";
import { scanPhotos } from "../src/data/photos.ts";
import { PaletteError } from "../src/errors.ts";
import { writeWhole } from "../src/files.ts";
import { resize } from "../src/images/resize.ts";
import {
  contactSheet,
  encodeImage,
  type Image,
  Palette,
  Random,
  readImage,
  tasks,
  writeImage,
} from "../src/index.ts";
import { demonstrate } from "./demonstrations.ts";
import { type GalleryRow, galleryPage } from "./gallery-page.ts";

const steps = 20;
const samples = 2;
const columns = ["input", "answer 1", "answer 2", "truth"];
/** Short side of the photos, in sides of the network: larger than what it sees at once. */
const size = 1.75;

const project = fileURLToPath(new URL("..", import.meta.url));

/** Every photo with every task the model knows: input, two answers, truth. */
async function restoreAll(
  palette: Palette,
  photos: readonly string[],
  signal: AbortSignal,
): Promise<GalleryRow[]> {
  const known = tasks.filter(({ name }) => palette.config.tasks.includes(name));
  const jobs = known.flatMap((task) => photos.map((photo) => ({ photo, task })));
  const rows: GalleryRow[] = [];
  const progress = startProgress(`${jobs.length} restorations`, jobs.length * steps);
  try {
    for (const [seed, { photo, task }] of jobs.entries()) {
      const name = basename(photo, extname(photo));
      const picture = await atShortSide(await readImage(photo), size * palette.resolution);
      const random = Random.from("gallery", name, task.name);
      const { truth, shown, input, options, detail } = await demonstrate(
        task.name,
        picture,
        random,
      );
      const start = performance.now();
      const answers = await palette.restore(task.name, input, {
        ...options,
        samples,
        steps,
        seed,
        signal,
        onStep: ({ step, steps: all }) => progress.update((seed + step / all) * steps),
      });
      rows.push({
        label: `${task.title} (${detail}): ${name}`,
        images: [shown, ...answers, truth],
        seconds: (performance.now() - start) / 1000 / samples,
        seed,
      });
    }
  } finally {
    progress.stop();
  }
  return rows;
}

function atShortSide(photo: Image, short: number): Promise<Image> {
  const scale = short / Math.min(photo.width, photo.height);
  return resize(photo, Math.round(photo.width * scale), Math.round(photo.height * scale));
}

async function main(signal: AbortSignal): Promise<void> {
  const [model, photoFolder = join(project, "samples")] = process.argv.slice(2);
  const palette = await whileWaiting("Loading the model", Palette.load(model));
  try {
    const photos = await scanPhotos([photoFolder]);
    const rows = await restoreAll(palette, photos, signal);
    const folder = resolve(project, "gallery");
    await writeImage(
      join(folder, "sheet.png"),
      await contactSheet(rows, { headings: columns, gap: 8 }),
    );
    const pictures = await Promise.all(
      rows.map(({ images }) => Promise.all(images.map((image) => encodeImage(image, "png")))),
    );
    await writeWhole(
      join(folder, "index.html"),
      galleryPage({ model: palette.config, steps, columns, rows, pictures }),
    );
    say(join(folder, "sheet.png"));
    say(join(folder, "index.html"));
  } finally {
    await palette.dispose();
  }
}

try {
  await interruptible(main);
} catch (error) {
  if (!(error instanceof PaletteError || error instanceof Interrupted)) throw error;
  complain(error.message);
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
}
