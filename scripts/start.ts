/**
 * The main job, shown: `npm start [-- MODEL [PHOTOS]]` degrades sample photos in all four ways, has
 * the bundled model (or MODEL, a folder or name) restore each twice, and writes a contact sheet and
 * a page to gallery/.
 */
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { complain, say } from "../src/cli/console.ts";
import { Interrupted, interruptible } from "../src/cli/interrupt.ts";
import { startProgress, whileWaiting } from "../src/cli/progress.ts";
import { scanPhotos } from "../src/data/photos.ts";
import { PaletteError } from "../src/errors.ts";
import { writeWhole } from "../src/files.ts";
import { toSquare } from "../src/images/resize.ts";
import {
  type Condition,
  contactSheet,
  encodeImage,
  type Image,
  Palette,
  Random,
  readImage,
  tasks,
  writeImage,
} from "../src/index.ts";
import { type GalleryRow, galleryPage } from "./gallery-page.ts";

const steps = 20;
const columns = ["input", "answer 1", "answer 2", "truth"];
/** Pictures are shown at least this wide. */
const shownSide = 128;
/** An invisible hole would be no hole: it is shown in middle gray rather than as noise. */
const holeShade = 0;

const project = fileURLToPath(new URL("..", import.meta.url));

/** Every photo with every task the model knows: input, two answers, truth. */
async function restoreAll(
  palette: Palette,
  photos: readonly string[],
  signal: AbortSignal,
): Promise<GalleryRow[]> {
  const known = tasks.filter(({ name }) => palette.config.tasks.includes(name));
  const jobs = photos.flatMap((photo) => known.map((task) => ({ photo, task })));
  const rows: GalleryRow[] = [];
  const progress = startProgress(`${jobs.length} restorations`, jobs.length * steps);
  try {
    for (const [i, { photo, task }] of jobs.entries()) {
      const name = basename(photo, extname(photo));
      const truth = await toSquare(await readImage(photo), palette.resolution);
      const condition = await task.degrade(truth, Random.from("gallery", name, task.name));
      const answers = await palette.answer(condition, {
        samples: 2,
        steps,
        signal,
        onStep: ({ step, steps: all }) => progress.update((i + step / all) * steps),
      });
      rows.push({
        label: `${task.title} (${condition.detail}): ${name}`,
        images: [withoutNoise(condition), ...answers, truth],
      });
    }
  } finally {
    progress.stop();
  }
  return rows;
}

function withoutNoise({ x, mask }: Condition): Image {
  if (mask === undefined) return x;
  const pixels = x.width * x.height;
  return {
    ...x,
    data: x.data.map((value, i) => (mask.data[i % pixels] === 1 ? holeShade : value)),
  };
}

async function main(signal: AbortSignal): Promise<void> {
  const [model, photoFolder = join(project, "samples")] = process.argv.slice(2);
  const palette = await whileWaiting("Loading the model", Palette.load(model));
  try {
    const photos = await scanPhotos([photoFolder]);
    const rows = await restoreAll(palette, photos, signal);
    const scale = Math.max(1, Math.ceil(shownSide / palette.resolution));
    const folder = resolve(project, "gallery");
    await writeImage(
      join(folder, "sheet.png"),
      await contactSheet(rows, { headings: columns, scale, gap: 8 }),
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
