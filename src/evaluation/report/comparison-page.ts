/** The comparison of two folders, for a terminal and as a page. */

import { html } from "../../util/html.ts";
import type { Comparison } from "../protocol/compare-sets.ts";
import { htmlDocument } from "./document.ts";

/** Names and values, without the notes. */
export function comparisonRows({
  images,
  network,
  fid,
  kid,
  is,
  pd,
}: Comparison): (readonly [name: string, value: string])[] {
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

/** The page of two compared folders. */
export function comparisonPage(folders: readonly string[], result: Comparison): string {
  const title = `${folders.join(" and ")} compared`;
  const rows = comparisonRows(result).map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`,
  );
  const notes = result.notes.map((note) => html`<p>${note}</p>\n`);
  return htmlDocument(
    title,
    html`<h1>${title}</h1>\n<table><tbody>\n${rows}</tbody></table>\n${notes}`,
  );
}
