/**
 * The picture at the top of README.md: `npx tsx scripts/assets/readme-picture.ts [MODEL]` has a
 * model (default: the bundled one) restore two sample photos at its own size, twice in each way,
 * into docs/images/gallery.png.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paste } from "../../src/image/image.ts";
import { toSquare } from "../../src/image/resize.ts";
import {
  contactSheet,
  createImage,
  type Image,
  Palette,
  readImage,
  type SheetRow,
  tasks,
  writeImage,
} from "../../src/node.ts";
import { columns, demonstration } from "../demo/demonstrations.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));

const palette = await Palette.load(process.argv[2]);
const sheets: Image[] = [];
for (const name of ["beach", "fields"]) {
  const whole = await readImage(join(project, "samples", `${name}.jpg`));
  const photo = toSquare(whole, palette.resolution);
  const rows: SheetRow[] = [];
  for (const task of tasks) {
    rows.push(await demonstration(palette, task, { name, photo }, { seed: 1 }));
  }
  sheets.push(await contactSheet(rows, { headings: columns, scale: 2, gap: 8 }));
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
