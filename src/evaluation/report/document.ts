/** The frame of a page: one HTML file that needs no other file, no script and no network. */
import { html, Markup } from "../../util/html.ts";

/** A whole page; a policy in its head forbids anything from elsewhere. */
export function htmlDocument(title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}</body>
</html>
`.text;
}

/** What is wider than a telephone scrolls by itself, also with the keyboard. */
export function scrolling(name: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${content}</div>\n`;
}

/** For a `data:` address. */
export function base64(bytes: Uint8Array): string {
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte));
  return btoa(letters.join(""));
}

/**
 * Colours of rows and lines are Okabe and Ito's, which people with any colour vision tell apart; on
 * dark ground the lighter ones of the same hues.
 */
const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --text: #1c2024; --soft: #59626c; --line: #d5dae0; --panel: #f5f7f9;
  --mark: #e3f0fa; --link: #005a9c;
  --degraded: #6b7280; --regression: #c25400; --palette: #0072b2; --originals: #00795a; --other: #444b54;
  --series-1: #0072b2; --series-2: #c25400; --series-3: #00795a; --series-4: #a8437f;
  --series-5: #8a6100; --series-6: #2f8fc4; --series-7: #444b54;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --text: #e6e9ec; --soft: #a3adb8; --line: #37404a; --panel: #1c2228;
    --mark: #14344a; --link: #7cc4f5;
    --degraded: #a3adb8; --regression: #f0a050; --palette: #5cb8f0; --originals: #35c495; --other: #c9d0d8;
    --series-1: #5cb8f0; --series-2: #f0a050; --series-3: #35c495; --series-4: #e596c3;
    --series-5: #f0e050; --series-6: #a9d8f5; --series-7: #c9d0d8;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 84rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 0.75rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
p { max-width: 48rem; margin: 0.75rem 0; overflow-wrap: anywhere; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; padding: 0; margin: 0 0 1rem; list-style: none; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: 0.35rem 1.25rem; margin: 0.5rem 0 1rem; }
dt { font-weight: 600; }
dd { margin: 0; max-width: 44rem; overflow-wrap: anywhere; }
.notes { background: var(--panel); border-left: 4px solid var(--regression); padding: 0.6rem 1rem 0.6rem 2.2rem; margin: 1rem 0; max-width: 50rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 1rem 0 1.5rem; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0 0 0.4rem; }
th, td { padding: 0.3rem 0.55rem; text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { border-bottom: 2px solid var(--line); font-weight: 600; vertical-align: bottom; }
caption span { display: inline-block; position: sticky; left: 0; max-width: min(100%, calc(100vw - 1.75rem)); }
thead th abbr { text-decoration: none; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody th { font-weight: 400; white-space: normal; min-width: 12.5rem; max-width: 20rem; overflow-wrap: anywhere; }
tbody th[scope="rowgroup"] { max-width: none; font-weight: 600; background: var(--panel); padding-top: 0.45rem; }
.models th, .models td { text-align: left; }
td.best { background: var(--mark); }
.interval-text { color: var(--soft); font-size: 0.85em; }
tr.originals > *, tr.degraded > * { color: var(--soft); }
.papers { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: start; }
.paper { max-width: 100%; color: var(--soft); font-size: 0.85rem; border-left: 4px solid var(--line); padding-left: 0.9rem; }
.paper caption { font-weight: 400; font-style: italic; }
.paper table { font-size: inherit; min-width: 15rem; }
.paper tbody th { min-width: 8rem; }
.paper .scroll { margin: 0.5rem 0 1rem; }
.meanings { font-size: 0.88rem; color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; margin: 1rem 0; }
figure { margin: 0; padding: 0.75rem; background: var(--panel); border-radius: 0.5rem; break-inside: avoid; }
figcaption { font-size: 0.9rem; font-weight: 600; margin-bottom: 0.5rem; overflow-wrap: anywhere; }
svg.chart { display: block; width: 100%; max-width: 34rem; height: auto; color: var(--text); font-variant-numeric: tabular-nums; }
.legend { list-style: none; margin: 0.25rem 0 0; padding: 0; font-size: 0.85rem; overflow-wrap: anywhere; }
table.grid th { text-align: center; white-space: normal; min-width: 0; max-width: 8rem; border: 0; font-size: 0.85rem; }
table.grid td { padding: 3px; border: 0; }
table.grid tbody th { color: var(--soft); padding: 0 0.4rem 0 0; }
table.grid img { display: block; image-rendering: pixelated; max-width: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.88rem; }
@media (max-width: 40rem) {
  body { padding: 1rem 0.75rem 2rem; }
  h1 { font-size: 1.4rem; }
  dl { display: block; }
  dd { margin: 0 0 0.6rem; }
  figure { padding: 0.6rem 0.4rem; }
  th, td { padding: 0.3rem 0.5rem; }
  .values tbody th { min-width: 7.5rem; max-width: 9.5rem; position: sticky; left: 0; background: var(--ground); }
  .values tbody th[scope="rowgroup"] { position: static; max-width: none; background: var(--panel); }
  table.grid td { padding: 2px; }
  table.grid th { font-size: 0.75rem; max-width: 76px; padding: 0.2rem 0; overflow-wrap: anywhere; }
  table.grid img { width: 72px; height: auto; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --text: #000000; --soft: #444444; --line: #bbbbbb; --panel: #f5f5f5;
    --mark: #e3f0fa; --link: #000000;
    --degraded: #6b7280; --regression: #c25400; --palette: #0072b2; --originals: #00795a; --other: #444b54;
    --series-1: #0072b2; --series-2: #c25400; --series-3: #00795a; --series-4: #a8437f;
    --series-5: #8a6100; --series-6: #2f8fc4; --series-7: #444b54;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  .paper { font-size: 7pt; }
  th, td { padding: 0.15rem 0.35rem; }
  tr, figure, caption { break-inside: avoid; }
  h2, h3, caption, tr:has(> [scope="rowgroup"]) { break-after: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  table.grid img { width: 2.2cm; height: auto; }
}
`;
