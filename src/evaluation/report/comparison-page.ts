/** The comparison of two folders, for a terminal and as a page. */
import type { FoldersComparison } from "../compare-folders.ts";
import { html, Markup } from "./escape.ts";
import { style } from "./style.ts";

/** Names and values, without the notes. */
export function comparisonRows({
  images,
  network,
  fid,
  kid,
  is,
  pd,
}: FoldersComparison): (readonly [name: string, value: string])[] {
  const missing = "-";
  return [
    ["images", images.join(", ")],
    ["network", `${network.title}, ${network.input}`],
    ["FID", fid.toPrecision(6)],
    ["KID", kid?.toPrecision(6) ?? missing],
    ["IS", is?.map((value) => value.toPrecision(6)).join(", ") ?? missing],
    ["PD", pd?.toPrecision(6) ?? missing],
  ];
}

/** One HTML file without scripts. */
export function comparisonPage(folders: readonly string[], result: FoldersComparison): string {
  const title = `${folders.join(" and ")} compared`;
  const rows = comparisonRows(result).map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`,
  );
  const notes = result.notes.map((note) => html`<p>${note}</p>\n`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<h1>${title}</h1>
<table><tbody>
${rows}</tbody></table>
${notes}</body>
</html>
`.text;
}
