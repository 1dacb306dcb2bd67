/** Steps against quality: what more network calls a picture buy. */
import { ascending, extent, group } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import {
  line,
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolTriangle,
} from "d3-shape";
import {
  bottomAxis,
  type Chart,
  chartWidth,
  frame,
  label,
  leftAxis,
  margin,
  round,
} from "./chart.ts";
import { type Column, fid, fixed, intervalDeviations, perImageColumns } from "./columns.ts";
import { html } from "./escape.ts";
import type { ConditionReport } from "./report.ts";

/** Lines are told apart by their signs as well as by their colors, of which the page has seven. */
const signs = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross];
const colors = 7;
const left = 46;
const height = 210;
const legendLine = 20;

interface Point {
  readonly steps: number;
  readonly value: number;
  readonly half: number;
}

/**
 * A chart for each model that was sampled with more than one number of steps, a line a condition and
 * sampler: FID, or without a feature network SSIM.
 */
export function stepsCharts(conditions: readonly ConditionReport[]): Chart[] {
  const rows = conditions.flatMap((condition) =>
    condition.rows
      .filter((row) => row.kind === "palette" && row.steps !== undefined && row.steps > 0)
      .map((row) => ({ row, series: `${condition.title}, ${row.sampler ?? "sampler"}` })),
  );
  const measured = rows.some(({ row }) => row.metrics.fid !== undefined);
  const column = measured ? fid : perImageColumns.ssim;
  const name = measured ? "FID" : "SSIM";
  const charts: Chart[] = [];
  const models = group(rows, ({ row }) => row.digest ?? row.label);
  const names = [...models.values()].map(([first]) => first!.row.model ?? first!.row.label);
  for (const [k, [digest, ofModel]] of [...models].entries()) {
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
      return new Set(points.map((point) => point.steps)).size > 1 ? [{ series, points }] : [];
    });
    if (lines.length > 0) charts.push(draw(model, lines, column, name));
  }
  return charts;
}

function draw(
  model: string,
  lines: readonly { series: string; points: readonly Point[] }[],
  column: Column,
  name: string,
): Chart {
  const all = lines.flatMap(({ points }) => points);
  const top = 30;
  const bottom = top + height;
  const steps = [...new Set(all.map((point) => point.steps))].sort(ascending);
  const x = scaleLog([steps[0]! / 1.15, steps.at(-1)! * 1.15], [left, chartWidth - margin.right]);
  const [low, high] = extent(all.flatMap(({ value, half }) => [value - half, value + half]));
  const room = high! > low! ? 0 : Math.max(Math.abs(low!) * 0.1, 0.01);
  const y = scaleLinear([low! - room, high! + room], [bottom, top]).nice();

  const path = line<Point>()
    .x((point) => x(point.steps))
    .y((point) => y(point.value))
    .digits(1);
  const drawn = lines.map(({ points }, i) => {
    const color = `series-${(i % colors) + 1}`;
    const sign = symbol(signs[i % signs.length]!, 70).digits(1)() ?? "";
    const marks = points.map((point) => {
      const at = round(x(point.steps));
      const interval =
        point.half > 0
          ? html`<line class="interval ${color}" x1="${at}" x2="${at}" y1="${round(y(point.value - point.half))}" y2="${round(y(point.value + point.half))}"/>`
          : undefined;
      return html`${interval}<path class="sign ${color}" transform="translate(${at},${round(y(point.value))})" d="${sign}"/>`;
    });
    return html`<path class="line ${color}" d="${path(points) ?? ""}"/>${marks}`;
  });
  const legendTop = bottom + margin.bottom + 14;
  const legend = lines.map(({ series }, i) => {
    const y = legendTop + i * legendLine;
    const sign = symbol(signs[i % signs.length]!, 70).digits(1)() ?? "";
    return html`<path class="sign series-${(i % colors) + 1}" transform="translate(${left},${y - 4})" d="${sign}"/>${label(series, left + 14, y, chartWidth - left - 20)}`;
  });
  const intervals = all.some(({ half }) => half > 0);
  const axes = [
    leftAxis({
      scale: y,
      label: `${name} (${column.better === "low" ? "lower" : "higher"} is better)`,
      at: left,
      grid: [left, chartWidth - margin.right],
    }),
    bottomAxis({
      scale: x,
      label: "Steps a sample (network calls), logarithmic",
      at: bottom,
      grid: [top, bottom],
      ticks: steps,
    }),
  ];
  const told = lines.map(({ series, points }) => {
    const each = points.map((point) => `${fixed(point.value, column.decimals)} at ${point.steps}`);
    return `${series}: ${each.join(", ")}`;
  });
  return {
    caption: `${model}: steps against ${name}${intervals ? ", with 95 % intervals" : ""}`,
    svg: frame(
      legendTop + lines.length * legendLine,
      `Steps against ${name} of ${model}. ${told.join("; ")}.`,
      [...axes, ...drawn, ...legend],
    ),
  };
}
