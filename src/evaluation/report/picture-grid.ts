/** Pictures side by side in the page, each inside it as PNG, so that no pixel is changed. */

import type { Image } from "../../image/image.ts";
import { encodeImage } from "../../node/encode-image.ts";
import { html, type Markup } from "./escape.ts";
import type { Grid } from "./report.ts";

/** On a wide screen small pictures are enlarged by a whole factor to about this many pixels. */
const shownSize = 128;

/** The grid as a table: a heading a column, a number a row, an alternative text a picture. */
export async function pictureGrid(grid: Grid, title: string): Promise<Markup> {
  const columns = Math.max(grid.headings.length, ...grid.rows.map((row) => row.length));
  const headings = Array.from({ length: columns }, (_, c) => grid.headings[c] ?? "");
  const rows: Markup[] = [];
  for (const [r, images] of grid.rows.entries()) {
    const cells: Markup[] = [];
    for (const [c, heading] of headings.entries()) {
      const image = images[c];
      if (image === undefined) {
        cells.push(html`<td></td>`);
        continue;
      }
      const alt = `${heading || `Column ${c + 1}`} of picture ${r + 1}, ${title}`;
      cells.push(html`<td>${await picture(image, alt)}</td>`);
    }
    rows.push(html`<tr><th scope="row">${r + 1}</th>${cells}</tr>`);
  }
  const top = headings.map((heading) => html`<th scope="col">${heading}</th>`);
  return html`<table class="grid">
<caption><span>Pictures: ${title}</span></caption>
<thead><tr><th scope="col"><span class="hidden">Picture</span></th>${top}</tr></thead>
<tbody>
${rows}
</tbody>
</table>`;
}

async function picture(image: Image, alt: string): Promise<Markup> {
  const png = Buffer.from(await encodeImage(image, "png")).toString("base64");
  const scale = Math.max(1, Math.round(shownSize / image.width));
  const width = image.width * scale;
  const height = image.height * scale;
  return html`<img alt="${alt}" width="${width}" height="${height}" src="data:image/png;base64,${png}">`;
}
