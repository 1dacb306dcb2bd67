/** How PD, SSIM and PSNR spread over the pictures: a small histogram a row on one axis. */
import { bin, extent, max, median } from "d3-array";
import { scaleLinear } from "d3-scale";
import { area, curveStepAfter } from "d3-shape";
import { bottomAxis, type Chart, chartWidth, frame, label, margin, round } from "./chart.ts";
import { fixed, perImageColumns } from "./columns.ts";
import { html } from "./escape.ts";
import type { ConditionReport } from "./report.ts";

export type PerImage = keyof typeof perImageColumns;

const axisNames: Readonly<Record<PerImage, string>> = {
  pd: "PD of a picture (lower is better)",
  ssim: "SSIM of a picture (higher is better)",
  psnr: "PSNR of a picture in dB (higher is better)",
};
const headings: Readonly<Record<PerImage, string>> = { pd: "PD", ssim: "SSIM", psnr: "PSNR" };

const lane = 58;
const barHeight = 34;

/**
 * A lane a row, heights as shares of the row's pictures and on one scale, with a line at the median.
 * The originals have no spread and are left out; so are infinite values (PSNR of equal pictures),
 * which are counted beside the name. Undefined where nothing was measured a picture.
 */
export function histogram({ title, rows }: ConditionReport, which: PerImage): Chart | undefined {
  const lists = rows.flatMap((row) => {
    if (row.kind === "originals") return [];
    const all = row.perImage[which] ?? [];
    const values = all.filter(Number.isFinite);
    const apart = all.length - values.length;
    const name = apart === 0 ? row.label : `${row.label} (${apart} without a finite value)`;
    return values.length === 0 ? [] : [{ name, kind: row.kind, values }];
  });
  const [low, high] = extent(lists.flatMap((list) => list.values));
  if (low === undefined || high === undefined) return undefined;
  const { decimals } = perImageColumns[which];
  // All values equal: an axis needs some length all the same.
  const room = high > low ? 0 : Math.max(Math.abs(low) * 0.05, 0.5 * 10 ** -decimals);
  const x = scaleLinear([low - room, high + room], [margin.left, chartWidth - margin.right]).nice();

  const [from, to] = x.domain() as [number, number];
  const binned = bin().domain([from, to]).thresholds(x.ticks(36));
  const lanes = lists.map((list) => {
    const bins = binned(list.values);
    const steps = bins.map(({ x0, length }) => ({ x: x0!, share: length / list.values.length }));
    return { ...list, steps: [...steps, { x: to, share: 0 }], middle: median(list.values)! };
  });
  const highest = max(lanes, ({ steps }) => max(steps, ({ share }) => share))!;
  const y = scaleLinear([0, highest], [0, barHeight]);
  const bottom = margin.top + lanes.length * lane;
  const drawn = lanes.map(({ name, kind, steps, middle }, i) => {
    const base = margin.top + (i + 1) * lane - 4;
    const shape = area<(typeof steps)[number]>()
      .x((step) => x(step.x))
      .y0(base)
      .y1((step) => base - y(step.share))
      .curve(curveStepAfter)
      .digits(1);
    const at = round(x(middle));
    const words = `median ${fixed(middle, decimals)}`;
    const width = chartWidth - margin.left - margin.right;
    const top = base - barHeight - 6;
    return html`${label(name, margin.left, top, width - words.length * 7 - 8)}<text class="value" x="${margin.left + width}" y="${top}" text-anchor="end">${words}</text><path class="bars ${kind}" d="${shape(steps) ?? ""}"/><line class="axis" x1="${margin.left}" x2="${margin.left + width}" y1="${base}" y2="${base}"/><line class="median" x1="${at}" x2="${at}" y1="${base - barHeight}" y2="${base}"/>`;
  });
  const axis = bottomAxis({
    scale: x,
    label: axisNames[which],
    at: bottom,
    grid: [margin.top, bottom],
  });
  const medians = lanes.map(({ name, middle }) => `${name} ${fixed(middle, decimals)}`);
  return {
    caption: `${headings[which]} of each picture, with the median`,
    svg: frame(
      bottom + margin.bottom,
      `Histograms of ${headings[which]} of each picture, ${title}. Medians: ${medians.join("; ")}.`,
      [axis, ...drawn],
    ),
  };
}
