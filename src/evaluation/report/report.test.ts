import { describe, expect, it } from "vitest";
import { syntheticReport } from "../../../test/support/synthetic-report.ts";
import { PaletteError } from "../../util/errors.ts";
import type { Report } from "./report.ts";
import { parseReport, reportJson } from "./report.ts";

const report = syntheticReport(5);

/** The same values with every object's keys the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, item]) => [key, reversed(item)]));
}

describe("reportJson", () => {
  it("is plain JSON that ends with one newline", () => {
    const text = reportJson(report);
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text).conditions).toHaveLength(report.conditions.length);
  });

  it("does not depend on the order in which keys were set", () => {
    expect(reportJson(reversed(report) as Report)).toBe(reportJson(report));
  });

  it("keeps whole numbers and rounds the others to 6 significant digits", () => {
    const settings = { ...report.settings, seed: 2_026_112_305 };
    const text = reportJson({ ...report, settings });
    expect(text).toContain('"seed": 2026112305');
    expect(text).toContain('"parameters": 5234567');
    const fid = JSON.parse(text).conditions[0].rows[0].metrics.fid;
    expect(fid.value).toBe(60.3333);
    expect(report.conditions[0]!.rows[0]!.metrics.fid!.value).not.toBe(60.3333);
  });

  it("comes back the same, infinite PSNR included", () => {
    const text = reportJson(report);
    const back = parseReport(text);
    expect(reportJson(back)).toBe(text);
    expect(back.conditions[0]!.rows[0]!.perImage.psnr![0]).toBe(Number.POSITIVE_INFINITY);
    expect(back.notes).toEqual(report.notes);
  });

  it("puts a row's numbers on one line", () => {
    const lines = reportJson(syntheticReport(50)).split("\n").length;
    expect(lines).toBe(reportJson(report).split("\n").length);
  });
});

describe("parseReport", () => {
  it.each([
    ["no JSON", "{", /not an evaluation's report\.json/],
    ["another file", '{"name": "x"}', /not an evaluation's report: at format/],
    ["a list", "[]", /not an evaluation's report: as a whole/],
    ["a newer format", '{"format": 2}', /format 2.*update palette-diffusion/],
    ["a metric of the wrong type", reportJson(report).replace("60.3333", '"high"'), /fid\.value/],
    ["an unknown key", reportJson(report).replace('"photos"', '"fotos"'), /at settings/],
  ])("refuses %s in one line", (_, text, message) => {
    expect(() => parseReport(text)).toThrow(PaletteError);
    expect(() => parseReport(text)).toThrow(message);
  });
});
