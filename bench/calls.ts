/**
 * What fewer network calls cost: the table of docs/results/calls.md, of reports of
 * `palette evaluate` on the same crops.
 *
 *   npx tsx bench/calls.ts QUALITY... --diversity DIVERSITY --models photos-64=DIGEST,...
 *     [--command TEXT] > docs/results/data/calls.json
 *
 * A QUALITY, for each model one or one for all, has FID, KID and PSNR of many crops; a DIVERSITY
 * (the option once for each) has two answers a crop and the seconds, which count only where nothing
 * else ran. The first model with its most calls is what all others are compared with. DIGEST is how
 * the model's SHA-256 begins.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseReport, type Row } from "../src/evaluation/report/report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: "string", default: "" },
    diversity: { type: "string", multiple: true, default: [] },
    command: { type: "string", default: "npx palette evaluate, npx tsx bench/calls.ts" },
  },
});
const reports = await Promise.all(positionals.map(reportIn));
const diversities = await Promise.all(values.diversity.map(reportIn));
const [first, ...more] = reports.map(({ report }) => report.conditions);
if (first === undefined) throw new Error("Name a report.");

const named = values.models.split(",").map((pair) => {
  const [name = "", digest = ""] = pair.split("=");
  return { name, digest };
});

async function reportIn(folder: string) {
  const text = (name: string) => readFile(join(folder, name), "utf8");
  return {
    report: parseReport(await text("report.json")),
    seconds: JSON.parse(await text("seconds.json")) as Readonly<
      Record<string, { readonly seconds: number; readonly images: number } | undefined>
    >,
  };
}

const nameOf = ({ digest = "" }: Row) =>
  named.find((model) => model.digest !== "" && digest.startsWith(model.digest))?.name;
const fixed = (value: number | undefined, decimals: number) => value?.toFixed(decimals) ?? "";
const signed = (value: number) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(1)} %`;

const rows = first.flatMap(({ id, rows: ofFirst }) => {
  const ofOthers = more.flatMap((conditions) => conditions.filter((other) => other.id === id));
  const answers = [ofFirst, ...ofOthers.map((condition) => condition.rows)]
    .flat()
    .filter((row) => nameOf(row) !== undefined && row.steps !== undefined)
    .sort((a, b) => order(a) - order(b) || a.steps! - b.steps!);
  const base = answers.filter((row) => order(row) === 0).at(-1);
  return answers.map((row, k) => {
    const fid = row.metrics.fid?.value;
    const of = base?.metrics.fid?.value;
    const twice = diversities
      .flatMap(({ report }) => report.conditions)
      .filter((condition) => condition.id === id)
      .flatMap((condition) => condition.rows)
      .filter((other) => other.id === row.id)
      .find((other) => other.metrics.diversity !== undefined);
    const spent = diversities
      .map(({ seconds }) => seconds[`${id}/${row.id}`])
      .find((found) => found !== undefined);
    return [
      k === 0 ? id : "",
      nameOf(row)!,
      String(row.steps),
      fixed(fid, 1),
      row === base || fid === undefined || of === undefined ? "" : signed(100 * (fid / of - 1)),
      fixed(row.metrics.kid && 1000 * row.metrics.kid.value, 1),
      fixed(row.metrics.psnr?.value, 2),
      fixed(twice?.metrics.diversity?.msSsim.value, 3),
      fixed(spent && spent.seconds / spent.images, 3),
    ];
  });
});

function order(row: Row): number {
  return named.findIndex(({ name }) => name === nameOf(row));
}

console.log(
  JSON.stringify(
    {
      source: "bench",
      command: values.command,
      recorded: new Date().toISOString().slice(0, 10),
      columns: [
        ...["", "model", "calls", "FID", "to 20 calls", "KID", "PSNR, dB"],
        ...["MS-SSIM of two answers", "seconds an answer"],
      ],
      rows,
    },
    null,
    2,
  ),
);
