/**
 * The main job, shown: `npm start [-- MODEL [PHOTOS]]` makes photos of 512 pixels a side and more
 * worse in each way that the bundled model (or MODEL, a folder or name) knows, has it restore each
 * twice, and writes a page with all of them at full size and a contact sheet to gallery/.
 */
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { log, say } from "../../src/cli/console.ts";
import { Interrupted, interruptible } from "../../src/cli/interrupt.ts";
import { startProgress, whileWaiting } from "../../src/cli/progress.ts";
import { resize } from "../../src/image/resize.ts";
import { writeAtomically } from "../../src/node/atomic-write.ts";
import { scanPhotos } from "../../src/node/photo-folders.ts";
import {
  contactSheet,
  encodeImage,
  type Image,
  Palette,
  readImage,
  tasks,
  writeImage,
} from "../../src/node.ts";
import { PaletteError } from "../../src/util/errors.ts";
import { columns, demonstration } from "./demonstrations.ts";
import { type GalleryRow, galleryPage } from "./gallery-page.ts";

/** Short side of the photos in pixels; smaller ones stay as they are. */
const short = 512;
/** Of the gallery's own photos so many are shown with each task, in turn: it takes two minutes. */
const photosATask = 2;
/** Width of a picture in the contact sheet. */
const sheetWidth = 384;

const project = fileURLToPath(new URL("../..", import.meta.url));

interface NamedPhoto {
  readonly name: string;
  readonly photo: Image;
}

/** The photos at the gallery's size; broken ones are named and left out. */
async function readPhotos(paths: readonly string[]): Promise<NamedPhoto[]> {
  const photos: NamedPhoto[] = [];
  for (const path of paths) {
    try {
      const photo = atMost(await readImage(path));
      photos.push({ name: basename(path, extname(path)), photo });
    } catch (error) {
      if (!(error instanceof PaletteError)) throw error;
      log(error.message);
    }
  }
  if (photos.length === 0) throw new PaletteError("None of the photos can be read; name others.");
  return photos;
}

/**
 * Photos with every task the model knows, into `rows`: input, two answers, truth.
 * @param aTask how many photos with each task
 */
async function restoreAll(
  palette: Palette,
  photos: readonly NamedPhoto[],
  aTask: number,
  rows: GalleryRow[],
  signal: AbortSignal,
): Promise<void> {
  const known = tasks.filter(({ name }) => palette.config.tasks.includes(name));
  const jobs = known.flatMap((task, n) =>
    Array.from({ length: aTask }, (_, k) => {
      const each = photos[(n * aTask + k) % photos.length] as NamedPhoto;
      return { ...each, task };
    }),
  );
  const allSteps = jobs.reduce((sum, { task }) => sum + palette.stepsFor(task.name), 0);
  const progress = startProgress(`${jobs.length} restorations`, allSteps);
  let done = 0;
  try {
    for (const [seed, { task, ...photo }] of jobs.entries()) {
      const steps = palette.stepsFor(task.name);
      const row = await demonstration(palette, task, photo, {
        steps,
        seed,
        signal,
        onStep: ({ step, steps: all }) => progress.update(done + (step / all) * steps),
      });
      done += steps;
      rows.push({ ...row, seed, steps });
    }
  } finally {
    progress.stop();
  }
}

function atMost(photo: Image): Image {
  const scale = short / Math.min(photo.width, photo.height);
  if (scale >= 1) return photo;
  return resize(photo, Math.round(photo.width * scale), Math.round(photo.height * scale));
}

/** A row of the contact sheet. */
function small(row: GalleryRow): GalleryRow {
  const images = row.images.map((image) => {
    const scale = Math.min(1, sheetWidth / image.width);
    return resize(image, Math.round(image.width * scale), Math.round(image.height * scale));
  });
  return { ...row, images };
}

async function writeGallery(palette: Palette, rows: readonly GalleryRow[]): Promise<void> {
  const folder = resolve(project, "gallery");
  const sheet = join(folder, "sheet.png");
  await writeImage(sheet, await contactSheet(rows.map(small), { headings: columns, gap: 8 }));
  const pictures = await Promise.all(
    rows.map(({ images }) =>
      Promise.all(images.map((image) => encodeImage(image, "webp", { quality: 95 }))),
    ),
  );
  const page = join(folder, "index.html");
  await writeAtomically(page, galleryPage({ model: palette.config, columns, rows, pictures }));
  say(sheet);
  say(page);
}

async function main(signal: AbortSignal): Promise<void> {
  const [model, photoFolder] = process.argv.slice(2);
  const palette = await whileWaiting("Loading the model", Palette.load(model));
  try {
    const paths = await scanPhotos([photoFolder ?? join(project, "scripts", "demo", "landscapes")]);
    const photos = await whileWaiting("Reading the photos", readPhotos(paths));
    const aTask = photoFolder === undefined ? photosATask : photos.length;
    const rows: GalleryRow[] = [];
    try {
      await restoreAll(palette, photos, aTask, rows, signal);
    } finally {
      // Also what was finished before it was stopped.
      if (rows.length > 0) await writeGallery(palette, rows);
    }
  } finally {
    await palette.dispose();
  }
}

try {
  await interruptible(main);
} catch (error) {
  if (!(error instanceof PaletteError || error instanceof Interrupted)) throw error;
  log(error.message);
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
}
