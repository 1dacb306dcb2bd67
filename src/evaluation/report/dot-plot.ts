/** FID of each row as a dot, with its 95 % interval where one was made. */
import { max } from "d3-array";
import { scaleLinear } from "d3-scale";
import { bottomAxis, type Chart, chartWidth, frame, label, margin, round } from "./chart.ts";
import { fid, format, intervalDeviations } from "./columns.ts";
import { html } from "./escape.ts";
import type { ConditionReport } from "./report.ts";

const lane = 38;

/** A lane a row, with the row's name above its dot; undefined where there are no two FIDs. */
export function dotPlot({ title, rows }: ConditionReport): Chart | undefined {
  const points = rows.flatMap(({ label, kind, metrics }) => {
    if (metrics.fid === undefined || !Number.isFinite(metrics.fid.value)) return [];
    const { value, deviation } = metrics.fid;
    const half = deviation !== undefined && deviation > 0 ? intervalDeviations * deviation : 0;
    return [
      { name: label, kind, value, low: value - half, high: value + half, estimate: metrics.fid },
    ];
  });
  if (points.length < 2) return undefined;
  const bottom = margin.top + points.length * lane;
  const x = scaleLinear(
    [0, Math.max(max(points, (point) => point.high)!, 1e-6)],
    [margin.left, chartWidth - margin.right],
  ).nice();
  const lanes = points.map((point, i) => {
    const y = margin.top + i * lane + 27;
    const { text, interval } = format(point.estimate, fid);
    const words = interval === undefined ? text : `${text} ± ${interval}`;
    const line =
      point.high > point.low
        ? html`<line class="interval ${point.kind}" x1="${round(x(Math.max(0, point.low)))}" x2="${round(x(point.high))}" y1="${y}" y2="${y}"/>`
        : undefined;
    const width = chartWidth - margin.left - margin.right;
    return html`${label(point.name, margin.left, y - 12, width - words.length * 7 - 8)}<text class="value" x="${margin.left + width}" y="${y - 12}" text-anchor="end">${words}</text>${line}<circle class="dot ${point.kind}" cx="${round(x(point.value))}" cy="${y}" r="5"/>`;
  });
  const intervals = points.some((point) => point.high > point.low);
  const axis = bottomAxis({
    scale: x,
    label: "FID (lower is better)",
    at: bottom,
    grid: [margin.top, bottom],
  });
  const each = points.map(({ name, estimate }) => `${name} ${format(estimate, fid).text}`);
  const description = `Dot plot of FID, ${title}: ${each.join("; ")}.`;
  return {
    caption: `FID of each row${intervals ? " with its 95 % interval" : ""}`,
    svg: frame(bottom + margin.bottom, description, [axis, ...lanes]),
  };
}
