/**
 * The picture at the top of README.md: `npx tsx scripts/readme-picture.ts [MODEL]` has a model (default: the
 * bundled one) restore two sample photos at its own size, twice in each way, into docs/images/gallery.png.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crop, paste } from "../src/images/image.ts";
import { resize } from "../src/images/resize.ts";
import {
  contactSheet,
  createImage,
  type Image,
  Palette,
  Random,
  readImage,
  tasks,
  writeImage,
} from "../src/index.ts";
import { demonstrate } from "./demonstrations.ts";

const project = fileURLToPath(new URL("..", import.meta.url));
const photos = ["beach", "fields"];
const headings = ["input", "answer 1", "answer 2", "truth"];

const palette = await Palette.load(process.argv[2]);
const sheets: Image[] = [];
for (const name of photos) {
  const photo = await middleOf(await readImage(join(project, "samples", `${name}.jpg`)));
  const rows: { label: string; images: Image[] }[] = [];
  for (const task of tasks) {
    const random = Random.from("readme", name, task.name);
    const { truth, shown, input, options, detail } = await demonstrate(task.name, photo, random);
    const answers = await palette.restore(task.name, input, { ...options, samples: 2, seed: 1 });
    rows.push({ label: `${task.title} (${detail})`, images: [shown, ...answers, truth] });
  }
  sheets.push(await contactSheet(rows, { headings, scale: 2, gap: 8 }));
}
await palette.dispose();
const width = sheets.reduce((sum, sheet) => sum + sheet.width, 0);
const joined = createImage(width, Math.max(...sheets.map(({ height }) => height)), 1);
let left = 0;
for (const sheet of sheets) {
  paste(joined, sheet, left, 0);
  left += sheet.width;
}
await writeImage(join(project, "docs/images/gallery.png"), joined);

/** The middle square at the model's size. */
function middleOf(photo: Image): Promise<Image> {
  const side = Math.min(photo.width, photo.height);
  const left = Math.floor((photo.width - side) / 2);
  const square = crop(photo, { left, top: 0, width: side, height: side });
  return resize(square, palette.resolution, palette.resolution);
}
