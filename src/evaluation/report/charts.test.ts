import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { hostile, syntheticReport } from "../../../test/support/synthetic-report.ts";
import { type Chart, dotPlot, histogram, stepsCharts } from "./charts.ts";
import type { ConditionReport, Row } from "./report.ts";

const report = syntheticReport(40);
const dejpeg = report.conditions.filter((condition) => condition.task === "dejpeg");

function drawn(chart: Chart | undefined) {
  const { document } = parseHTML(`<html><body>${chart!.svg.text}</body></html>`);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return {
    all,
    numbers: (selector: string, name: string) =>
      all(selector).map((element) => Number(element.getAttribute(name))),
    description: document.querySelector("svg")!.getAttribute("aria-label")!,
  };
}

function changed(condition: ConditionReport, change: (row: Row) => Row): ConditionReport {
  return { ...condition, rows: condition.rows.map(change) };
}

function withoutIntervals(condition: ConditionReport): ConditionReport {
  return changed(condition, (row) => ({
    ...row,
    metrics: { ...row.metrics, fid: { value: row.metrics.fid!.value } },
  }));
}

describe("dotPlot", () => {
  it("places dots on one linear axis from 0, with intervals around them", () => {
    const condition = report.conditions[0]!;
    const { numbers } = drawn(dotPlot(condition));
    const values = condition.rows.map((row) => row.metrics.fid!.value);
    const x = numbers("circle", "cx");
    const unit = (x[0]! - x[1]!) / (values[0]! - values[1]!);
    for (const [i, value] of values.entries()) {
      expect(x[i]! - x[0]!).toBeCloseTo((value - values[0]!) * unit, 0);
    }
    const ends = ["x1", "x2"].map((name) => numbers('[aria-label="rule"] line', name));
    const from = condition.rows.map((_, k) => Math.min(ends[0]![k]!, ends[1]![k]!));
    const to = condition.rows.map((_, k) => Math.max(ends[0]![k]!, ends[1]![k]!));
    for (const i of x.keys()) expect((from[i]! + to[i]!) / 2).toBeCloseTo(x[i]!, 0);
    const deviation = condition.rows[0]!.metrics.fid!.deviation!;
    expect(to[0]! - from[0]!).toBeCloseTo(2 * 1.96 * deviation * unit, 0);
    expect(Math.max(...to)).toBeLessThan(440);
  });

  it("speaks of intervals only where some were made", () => {
    expect(dotPlot(report.conditions[0]!)!.caption).toBe("FID of each row with its 95 % interval");
    expect(dotPlot(withoutIntervals(report.conditions[0]!))!.caption).toBe("FID of each row");
  });

  it("is not drawn without two values", () => {
    const none = changed(report.conditions[0]!, (row) => ({ ...row, metrics: {} }));
    expect(dotPlot(none)).toBeUndefined();
  });
});

/** A lane each. */
const bars = '[aria-label="rect"] > g';
const lines = '[aria-label="line"] path';

describe("histogram", () => {
  it("has a lane a row without the originals, each with its median", () => {
    const condition = report.conditions[0]!;
    const { all, description } = drawn(histogram(condition, "pd"));
    expect(all(bars)).toHaveLength(3);
    expect(all('[aria-label="rule"][stroke-width="2"] line, [stroke-width="2"] line')).toHaveLength(
      3,
    );
    expect(description).toContain("Medians: Degraded input");
  });

  it("leaves infinite values out and says so", () => {
    const { all } = drawn(histogram(report.conditions[0]!, "psnr"));
    const words = all('[aria-label="text"] text').map((element) => element.textContent);
    expect(words[0]).toBe("Degraded input (1 without a finite value)");
    for (const bar of all(`${bars} rect`)) expect(bar.outerHTML).not.toMatch(/NaN|Infinity/);
  });

  it("makes bars as high as their share: 3 to 1", () => {
    const values = { pd: [1, 1, 1, 5] };
    const condition = changed(report.conditions[0]!, (row) => ({ ...row, perImage: values }));
    const { all } = drawn(histogram(condition, "pd"));
    const lane = [...all(bars)[0]!.querySelectorAll("rect")];
    const heights = lane.map((bar) => Number(bar.getAttribute("height")));
    expect(heights).toHaveLength(2);
    expect(heights[0]! / heights[1]!).toBeCloseTo(3, 6);
  });

  it("draws equal values and nothing where nothing was measured", () => {
    const equal = changed(report.conditions[0]!, (row) => ({ ...row, perImage: { ssim: [1, 1] } }));
    expect(drawn(histogram(equal, "ssim")).all(bars)).toHaveLength(3);
    expect(histogram(equal, "pd")).toBeUndefined();
  });
});

describe("stepsCharts", () => {
  it("draws a line a condition and sampler for the model with several numbers of steps", () => {
    const charts = stepsCharts(dejpeg);
    expect(charts).toHaveLength(1);
    expect(charts[0]!.caption).toBe("landscapes-64: steps against FID, with 95 % intervals");
    expect(stepsCharts(dejpeg.map(withoutIntervals))[0]!.caption).toBe(
      "landscapes-64: steps against FID",
    );
    const { all, description } = drawn(charts[0]);
    expect(all(lines)).toHaveLength(4);
    expect(description).toContain("JPEG restoration, quality 5, ddim:");
    expect(stepsCharts(report.conditions.slice(0, 1))).toHaveLength(0);
  });

  it("draws one for each of two models of one name", () => {
    const twice = dejpeg.map((condition) => ({
      ...condition,
      rows: condition.rows.flatMap((row) =>
        row.model === "landscapes-64" ? [row, { ...row, digest: "fedcba9876543210" }] : [row],
      ),
    }));
    const charts = stepsCharts(twice);
    expect(charts.map(({ caption }) => caption)).toEqual([
      expect.stringMatching(/^landscapes-64 \w{8}: steps/),
      expect.stringMatching(/^landscapes-64 fedcba98: steps/),
    ]);
    for (const chart of charts) expect(drawn(chart).all(lines)).toHaveLength(4);
  });

  it("has a logarithmic axis with the measured steps on it", () => {
    const { all } = drawn(stepsCharts(dejpeg)[0]);
    const ticks = all('[aria-label="x-axis tick label"] text');
    expect(ticks.map((tick) => tick.textContent)).toEqual(["5", "20", "100"]);
    const [a, b, c] = ticks.map((tick) =>
      Number(/translate\(([\d.]+)/.exec(tick.getAttribute("transform")!)![1]),
    );
    expect((c! - b!) / (b! - a!)).toBeCloseTo(Math.log(100 / 20) / Math.log(20 / 5), 2);
  });

  it("shows SSIM when no network gave an FID", () => {
    const without = dejpeg.map((condition) =>
      changed(condition, (row) => ({ ...row, metrics: { ssim: row.metrics.ssim } })),
    );
    expect(stepsCharts(without)[0]!.caption).toContain("SSIM");
  });

  it("keeps hostile names as text", () => {
    const named = dejpeg.map((condition) => ({ ...condition, title: hostile }));
    const [chart] = stepsCharts(named);
    const { all, description } = drawn(chart);
    expect(all("img")).toHaveLength(0);
    expect(description).toContain(hostile);
    expect(parseHTML(chart!.legend!.text).document.querySelector("img")).toBeNull();
  });
});
