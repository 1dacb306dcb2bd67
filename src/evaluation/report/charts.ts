/**
 * The report's charts, drawn by Observable Plot as inline SVG. Colours are variables of the page's
 * style sheet (light and dark). Each chart carries a description that is read out in its place.
 */
import * as Plot from "@observablehq/plot";
import { ascending, extent, group, median } from "d3-array";
import { parseHTML } from "linkedom";
import { html, Markup } from "../../util/html.ts";
import { type Column, fid, fixed, format, intervalDeviations, perImageColumns } from "./columns.ts";
import type { ConditionReport, RowKind } from "./report.ts";

export interface Chart {
  readonly caption: string;
  readonly svg: Markup;
  /** What the signs and colours stand for. */
  readonly legend?: Markup;
}

const { document } = parseHTML("<html><body></body></html>");

function draw(description: string, options: Plot.PlotOptions): Markup {
  const svg = Plot.plot({
    document,
    ariaLabel: description,
    width: 440,
    marginTop: 8,
    marginRight: 18,
    marginBottom: 44,
    marginLeft: 14,
    style: { fontSize: "12px" },
    ...options,
  });
  svg.setAttribute("role", "img");
  svg.setAttribute("class", `${svg.getAttribute("class")} chart`);
  return new Markup(svg.outerHTML);
}

const colourOf = (kind: RowKind) => `var(--${kind})`;
/** A name at the left of its lane and a value at the right; a ground behind keeps them legible. */
const words = { stroke: "var(--panel)", strokeWidth: 4, fill: "var(--text)" } as const;
const nameWords = {
  ...words,
  textAnchor: "start",
  lineWidth: 22,
  textOverflow: "ellipsis",
} as const;
const valueWords = { ...words, textAnchor: "end", fill: "var(--soft)" } as const;
const axis = { labelArrow: "none", labelAnchor: "center", nice: true, grid: true } as const;

/** FID of each row as a dot with its 95 % interval; undefined where there are no two FIDs. */
export function dotPlot({ title, rows }: ConditionReport): Chart | undefined {
  const points = rows.flatMap(({ label: name, kind, metrics }, lane) => {
    const estimate = metrics.fid;
    if (estimate === undefined || !Number.isFinite(estimate.value)) return [];
    const { value, deviation = 0 } = estimate;
    const half = deviation > 0 ? intervalDeviations * deviation : 0;
    const { text, interval } = format(estimate, fid);
    const said = interval === undefined ? text : `${text} ± ${interval}`;
    const [low, high] = [Math.max(0, value - half), value + half];
    return [{ lane, name, colour: colourOf(kind), value, half, low, high, text, said }];
  });
  if (points.length < 2) return undefined;
  const spread = points.filter(({ half }) => half > 0);
  const each = points.map(({ name, text }) => `${name} ${text}`);
  const right = Math.max(...points.map(({ high }) => high), 1e-6);
  return {
    caption: `FID of each row${spread.length > 0 ? " with its 95 % interval" : ""}`,
    svg: draw(`Dot plot of FID, ${title}: ${each.join("; ")}.`, {
      height: 52 + 38 * points.length,
      x: { ...axis, label: "FID (lower is better)", domain: [0, right] },
      y: { axis: null, type: "band" },
      marks: [
        Plot.ruleY(spread, {
          ...{ y: "lane", x1: "low", x2: "high", stroke: "colour" },
          ...{ strokeWidth: 2, strokeOpacity: 0.55 },
        }),
        Plot.dot(points, { x: "value", y: "lane", fill: "colour", r: 5 }),
        Plot.text(points, { ...nameWords, y: "lane", text: "name", frameAnchor: "left", dy: -13 }),
        Plot.text(points, {
          ...valueWords,
          y: "lane",
          text: "said",
          frameAnchor: "right",
          dy: -13,
        }),
      ],
    }),
  };
}

export type PerImage = keyof typeof perImageColumns;

const measures: Readonly<Record<PerImage, { readonly name: string; readonly axis: string }>> = {
  pd: { name: "PD", axis: "PD of a picture (lower is better)" },
  ssim: { name: "SSIM", axis: "SSIM of a picture (higher is better)" },
  psnr: { name: "PSNR", axis: "PSNR of a picture in dB (higher is better)" },
};

/**
 * How PD, SSIM or PSNR spread over the pictures: a lane a row, heights as shares of the row's
 * pictures on one scale, with a line at the median. The originals have no spread and are left out;
 * so are infinite values, which are counted beside the name. Undefined where nothing was measured a
 * picture.
 */
export function histogram({ title, rows }: ConditionReport, which: PerImage): Chart | undefined {
  const { decimals } = perImageColumns[which];
  const lanes = rows.flatMap((row, lane) => {
    if (row.kind === "originals") return [];
    const all = row.perImage[which] ?? [];
    const values = all.filter(Number.isFinite);
    const apart = all.length - values.length;
    const name = apart === 0 ? row.label : `${row.label} (${apart} without a finite value)`;
    const middle = median(values);
    if (middle === undefined) return [];
    const said = fixed(middle, decimals);
    return [{ lane, name, colour: colourOf(row.kind), values, middle, said }];
  });
  const pictures = lanes.flatMap(({ lane, colour, values }) =>
    values.map((value) => ({ lane, colour, value })),
  );
  const [low, high] = extent(pictures, ({ value }) => value);
  if (low === undefined || high === undefined) return undefined;
  // All values equal: an axis needs some length all the same.
  const room = Math.max(Math.abs(low) * 0.05, 0.5 * 10 ** -decimals);
  const domain: [number, number] | undefined = high > low ? undefined : [low - room, high + room];
  const { name, axis: label } = measures[which];
  const medians = lanes.map((lane) => `${lane.name} ${lane.said}`);
  const place = { fy: "lane", frameAnchor: "top-left", dy: 2 } as const;
  return {
    caption: `${name} of each picture, with the median`,
    svg: draw(`Histograms of ${name} of each picture, ${title}. Medians: ${medians.join("; ")}.`, {
      height: 52 + 58 * lanes.length,
      insetTop: 20,
      x: { ...axis, label, ...(domain && { domain }) },
      y: { axis: null },
      fy: { axis: null, padding: 0.05 },
      marks: [
        Plot.rectY(
          pictures,
          Plot.binX<Plot.RectYOptions>(
            { y: "proportion-facet" },
            {
              x: "value",
              fy: "lane",
              fill: "colour",
              fillOpacity: 0.75,
              inset: 0,
              thresholds: 36,
              ...(domain && { domain }),
            },
          ),
        ),
        Plot.ruleY([0], { stroke: "var(--soft)" }),
        Plot.ruleX(lanes, { x: "middle", fy: "lane", strokeWidth: 2, insetTop: 14 }),
        Plot.text(lanes, { ...nameWords, ...place, text: "name" }),
        Plot.text(lanes, {
          ...{ ...valueWords, ...place, frameAnchor: "top-right" },
          text: ({ said }) => `median ${said}`,
        }),
      ],
    }),
  };
}

/** Lines are told apart by their signs as well as by their colours, of which the page has seven. */
const signs = [
  ["circle", "●"],
  ["square", "■"],
  ["triangle", "▲"],
  ["diamond", "◆"],
  ["cross", "✚"],
] as const;
const seriesColours = 7;

interface Point {
  readonly steps: number;
  readonly value: number;
  readonly half: number;
}

/**
 * Steps against quality, for each model that was sampled with more than one number of steps, a line
 * a condition and sampler: FID, or without a feature network SSIM.
 */
export function stepsCharts(conditions: readonly ConditionReport[]): Chart[] {
  const rows = conditions.flatMap((condition) =>
    condition.rows
      .filter((row) => row.kind === "palette" && row.steps !== undefined && row.steps > 0)
      .map((row) => ({ row, series: `${condition.title}, ${row.sampler ?? "sampler"}` })),
  );
  const measured = rows.some(({ row }) => row.metrics.fid !== undefined);
  const [column, name] = measured ? [fid, "FID"] : [perImageColumns.ssim, "SSIM"];
  const models = group(rows, ({ row }) => row.digest ?? row.label);
  const names = [...models.values()].map(([first]) => first!.row.model ?? first!.row.label);
  return [...models].flatMap(([digest, ofModel], k) => {
    const twins = names.filter((other) => other === names[k]).length > 1;
    const model = twins ? `${names[k]} ${digest.slice(0, 8)}` : names[k]!;
    const lines = [...group(ofModel, ({ series }) => series)].flatMap(([series, members]) => {
      const points = members.flatMap(({ row }): Point[] => {
        const estimate = column.of(row, undefined);
        if (estimate === undefined || !Number.isFinite(estimate.value)) return [];
        const { value, deviation = 0 } = estimate;
        return [{ steps: row.steps!, value, half: intervalDeviations * deviation }];
      });
      points.sort((a, b) => ascending(a.steps, b.steps));
      return new Set(points.map(({ steps }) => steps)).size > 1 ? [{ series, points }] : [];
    });
    return lines.length > 0 ? [stepsChart(model, lines, column, name)] : [];
  });
}

function stepsChart(
  model: string,
  lines: readonly { readonly series: string; readonly points: readonly Point[] }[],
  column: Column,
  name: string,
): Chart {
  const looks = lines.map((_, i) => {
    const [symbol, sign] = signs[i % signs.length]!;
    return { line: i, symbol, sign, colour: `var(--series-${(i % seriesColours) + 1})` };
  });
  const all = lines.flatMap(({ points }, i) =>
    points.map((point) => ({
      ...{ ...point, ...looks[i]! },
      ...{ low: point.value - point.half, high: point.value + point.half },
    })),
  );
  const steps = [...new Set(all.map((point) => point.steps))].sort(ascending);
  const [low, high] = extent(all.flatMap((point) => [point.low, point.high]));
  const room = high! > low! ? 0 : Math.max(Math.abs(low!) * 0.1, 0.01);
  const spread = all.filter(({ half }) => half > 0);
  const told = lines.map(({ series, points }) => {
    const each = points.map((point) => `${fixed(point.value, column.decimals)} at ${point.steps}`);
    return `${series}: ${each.join(", ")}`;
  });
  const entries = lines.map(
    ({ series }, i) =>
      html`<li><span style="color: ${looks[i]!.colour}">${looks[i]!.sign}</span> ${series}</li>`,
  );
  const better = column.better === "low" ? "lower" : "higher";
  const shared = { x: "steps", stroke: "colour" } as const;
  return {
    caption: `${model}: steps against ${name}${spread.length > 0 ? ", with 95 % intervals" : ""}`,
    svg: draw(`Steps against ${name} of ${model}. ${told.join("; ")}.`, {
      ...{ height: 284, marginTop: 30, marginLeft: 46 },
      x: {
        ...{ ...axis, nice: false, type: "log", domain: [steps[0]! / 1.15, steps.at(-1)! * 1.15] },
        label: "Steps a sample (network calls), logarithmic",
        ...{ ticks: steps, tickFormat: String },
      },
      y: {
        ...{ ...axis, labelAnchor: "top", ticks: 5, domain: [low! - room, high! + room] },
        label: `${name} (${better} is better)`,
      },
      marks: [
        Plot.ruleX(spread, {
          ...shared,
          y1: "low",
          y2: "high",
          strokeWidth: 2,
          strokeOpacity: 0.55,
        }),
        Plot.line(all, { ...shared, y: "value", z: "line", strokeWidth: 2 }),
        Plot.dot(all, { x: "steps", y: "value", fill: "colour", symbol: "symbol", r: 4.5 }),
      ],
    }),
    legend: html`<ul class="legend">${entries}</ul>`,
  };
}
