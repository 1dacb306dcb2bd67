/**
 * The tables of docs/scale.md: printed, or with --write put into the page.
 *
 *   npm run bench:scale [-- --write]
 */
import { readFile, writeFile } from "node:fs/promises";
import { cards } from "./cards.ts";
import { costTables, countStep } from "./cost.ts";
import { planTables, rankKinds } from "./simulate.ts";

const page = new URL("../../docs/scale.md", import.meta.url);

const steps = [
  countStep("small-64", 16, false),
  countStep("small-64", 16, true),
  countStep("pytorch-256", 4, false),
  countStep("pytorch-256", 4, true),
  countStep("paper-256", 1, false),
  countStep("paper-256", 1, true),
];
const paper = steps.at(-1)!;
const named = (name: string) => {
  const card = cards.find((one) => one.name === name);
  if (card === undefined) throw new Error(`no card ${name}`);
  return card;
};
const kinds = rankKinds(paper, { h100: named("H100"), rtx4090: named("RTX 4090") });
const tables = { ...costTables(steps), ...planTables(paper, kinds) };

if (process.argv.includes("--write")) {
  let text = await readFile(page, "utf8");
  for (const [name, markdown] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- scale: ${name} -->\n)[\\s\\S]*?(<!-- /scale -->)`);
    if (!place.test(text)) throw new Error(`docs/scale.md has no place for the table ${name}`);
    text = text.replace(place, `$1\n${markdown}\n\n$2`);
  }
  await writeFile(page, text);
} else {
  for (const [name, markdown] of Object.entries(tables)) console.log(`${name}\n\n${markdown}\n`);
}
