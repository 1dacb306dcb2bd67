/** The page that `npm start` writes: one file, pictures included, that opens anywhere. */
import { imagesSeen } from "../../src/models/config.ts";
import type { ModelConfig, SheetRow } from "../../src/node.ts";
import { counted } from "../../src/util/format.ts";

export interface GalleryRow extends SheetRow {
  readonly label: string;
  /** Time of one answer. */
  readonly seconds: number;
  readonly seed: number;
  readonly steps: number;
}

/**
 * HTML with a row of pictures for each restoration; `pictures` are the rows' images as WebP files.
 * They are shown at their own size, as many side by side as there is room for.
 */
export function galleryPage(gallery: {
  readonly model: ModelConfig;
  readonly columns: readonly string[];
  readonly rows: readonly GalleryRow[];
  readonly pictures: readonly (readonly Uint8Array[])[];
}): string {
  const { model, columns, rows, pictures } = gallery;
  const side = model.network.resolution;
  const trained = model.training && `; trained on ${counted(imagesSeen(model))} images`;
  const how = model.objective.regression
    ? "one network call an answer (the regression baseline)"
    : `two answers differ because they are drawn, not computed: both are guesses`;
  const sections = rows.map(({ label, images: shown, seconds, seed, steps }, r) => {
    const figures = pictures[r]!.map((file, c) => {
      const { width, height } = shown[c]!;
      const caption = columns[c] ?? "";
      const data = Buffer.from(file).toString("base64");
      return `<figure><img src="data:image/webp;base64,${data}" width="${width}" height="${height}" alt="${escapeHtml(`${caption} of ${label}`)}"><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
    });
    const facts = `${seconds.toFixed(1)} s an answer, ${steps} steps, seed ${seed}`;
    return `<section><h2>${escapeHtml(label)} <small>${facts}</small></h2><div>${figures.join("")}</div></section>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Palette: ${escapeHtml(model.name)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fafafa; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1rem; font-weight: 600; margin: 1.5rem 0 .4rem; }
  small { font-weight: 400; color: #666; }
  section > div { display: flex; flex-wrap: wrap; gap: .75rem; }
  figure { margin: 0; } figcaption { color: #666; font-size: .85rem; }
  img { max-width: 100%; height: auto; border-radius: 4px; display: block; }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } figcaption, small { color: #999; } }
</style>
<h1>Palette: ${escapeHtml(model.name)}</h1>
<p>A model of ${side}x${side} pixels${trained ?? ""}; ${how}.</p>
${sections.join("\n")}
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
