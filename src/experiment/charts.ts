/**
 * The charts of the studies, drawn by Observable Plot as SVG: each arm with its interval, and
 * where one factor is a number, that number against quality.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type MetricName, metrics } from "./metrics.ts";
import type { ArmReport, StudyReport } from "./report.ts";

const { document } = parseHTML("<html><body></body></html>");

/** On white ground; Okabe and Ito's colours, which people with any colour vision tell apart. */
const ink = { text: "#1c2024", soft: "#59626c", arm: "#0072b2", other: "#6b7280" } as const;
const series = ["#0072b2", "#c25400", "#00795a", "#a8437f", "#8a6100", "#444b54"] as const;
const signs = ["circle", "square", "triangle", "diamond", "cross", "star"] as const;

interface Point {
  readonly condition: string;
  readonly arm: string;
  readonly kind: ArmReport["kind"];
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The metric of the first claim, in every condition; undefined while there is nothing. */
export function studyChart(study: StudyReport): string | undefined {
  const metric = study.claims[0]?.comparison.metric ?? "kid";
  const { heading, factor } = metrics[metric];
  const numeric = study.factors.find((factor) => isNumeric(study, factor));
  const points = study.arms.flatMap((arm) => pointsOf(study, arm, metric, factor));
  if (points.length < 2) return undefined;
  const told = points.map(
    ({ condition, arm, value }) => `${condition}, ${arm}: ${value.toPrecision(3)}`,
  );
  const description = `${heading} of each arm: ${told.join("; ")}.`;
  return numeric === undefined
    ? armChart(study, points, heading, description)
    : lineChart(study, numeric, metric, description);
}

function isNumeric({ arms }: StudyReport, factor: string): boolean {
  const levels = arms.flatMap(({ levels }) => levels[factor] ?? []);
  return new Set(levels).size > 1 && levels.every((level) => Number(level) > 0);
}

function pointsOf(
  { conditions }: StudyReport,
  { name, kind, values }: ArmReport,
  metric: MetricName,
  factor: number,
): Point[] {
  return conditions.flatMap(({ id, title }) => {
    const effect = values[id]?.[metric];
    // What is degraded is so far off that nothing else could be told apart beside it.
    if (effect === undefined || kind === "degraded") return [];
    const { value, low = value, high = value } = effect;
    const scaled = { value: value * factor, low: low * factor, high: high * factor };
    return [{ condition: title, arm: name, kind, ...scaled }];
  });
}

function draw(description: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    document,
    ariaLabel: description,
    width: 640,
    style: { fontSize: "12px", color: ink.text, background: "#ffffff" },
    ...options,
  });
  svg.setAttribute("role", "img");
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("class", `${svg.getAttribute("class")} chart`);
  return `${svg.outerHTML}\n`;
}

/** A lane an arm, a panel a condition. */
function armChart(
  { arms }: StudyReport,
  points: readonly Point[],
  heading: string,
  description: string,
): string {
  const lanes = arms.map(({ name }) => name).filter((name) => points.some((p) => p.arm === name));
  const panels = [...new Set(points.map(({ condition }) => condition))];
  const colour = (point: Point) => (point.kind === "arm" ? ink.arm : ink.other);
  return draw(description, {
    height: 60 + panels.length * (26 + 22 * lanes.length),
    marginLeft: 190,
    marginRight: 20,
    marginBottom: 40,
    x: { grid: true, label: heading, labelArrow: "none", nice: true },
    y: { domain: lanes, label: null, type: "band" },
    fy: { domain: panels, axis: null, padding: 0.15 },
    marks: [
      Plot.text(panels, {
        ...{ fy: (panel: string) => panel, text: (panel: string) => panel, fontWeight: "bold" },
        ...{ frameAnchor: "top-left", dy: -14 },
      }),
      Plot.ruleY(points, {
        ...{ fy: "condition", y: "arm", x1: "low", x2: "high", stroke: colour },
        ...{ strokeWidth: 2, strokeOpacity: 0.55 },
      }),
      Plot.dot(points, { fy: "condition", y: "arm", x: "value", fill: colour, r: 4 }),
    ],
  });
}

/** A line for each combination of the other factors, a panel a condition. */
function lineChart(
  { arms, conditions }: StudyReport,
  numeric: string,
  metric: MetricName,
  description: string,
): string {
  const { heading, factor } = metrics[metric];
  const points = arms.flatMap((arm) => {
    const { [numeric]: at, ...others } = arm.levels;
    if (at === undefined) return [];
    const line = Object.values(others).join(", ") || numeric;
    return conditions.flatMap(({ id, title }) => {
      const effect = arm.values[id]?.[metric];
      if (effect === undefined) return [];
      const { value, low = value, high = value } = effect;
      const scaled = { value: value * factor, low: low * factor, high: high * factor };
      return [{ condition: title, at: Number(at), line, ...scaled }];
    });
  });
  const lines = [...new Set(points.map(({ line }) => line))];
  const ticks = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const panels = [...new Set(points.map(({ condition }) => condition))];
  return draw(description, {
    height: 60 + 220 * panels.length,
    marginLeft: 56,
    marginRight: 50,
    marginBottom: 44,
    marginTop: 40,
    x: { type: "log", ticks, tickFormat: String, label: `${numeric}, logarithmic` },
    y: { grid: true, label: heading, labelArrow: "none", nice: true },
    fy: { domain: panels, axis: null, padding: 0.2 },
    marks: [
      Plot.text(panels, {
        ...{ fy: (panel: string) => panel, text: (panel: string) => panel, fontWeight: "bold" },
        ...{ frameAnchor: "top-left", dy: -14 },
      }),
      Plot.ruleX(points, {
        ...{ fy: "condition", x: "at", y1: "low", y2: "high", strokeOpacity: 0.5 },
        stroke: ({ line }: (typeof points)[number]) => series[lines.indexOf(line) % series.length],
      }),
      Plot.line(points, {
        ...{ fy: "condition", x: "at", y: "value", z: "line", strokeWidth: 2 },
        stroke: ({ line }: (typeof points)[number]) => series[lines.indexOf(line) % series.length],
      }),
      Plot.dot(points, {
        ...{ fy: "condition", x: "at", y: "value", r: 4 },
        fill: ({ line }: (typeof points)[number]) => series[lines.indexOf(line) % series.length],
        symbol: ({ line }: (typeof points)[number]) => signs[lines.indexOf(line) % signs.length]!,
      }),
      // Each line is named at another of its points: where lines meet, names would cover each
      // other.
      Plot.text(
        points.filter(({ line, at }) => ticks[lines.indexOf(line) % ticks.length] === at),
        {
          ...{ fy: "condition", x: "at", y: "value", text: "line", dy: -12 },
          ...{ stroke: "#ffffff", strokeWidth: 3 },
          fill: ({ line }: (typeof points)[number]) => series[lines.indexOf(line) % series.length],
        },
      ),
    ],
  });
}
