import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, it } from "vitest";
import {
  hostile,
  syntheticReport,
  syntheticSeconds,
} from "../../../test/support/synthetic-report.ts";
import { fromBytes, toBytes } from "../../image/image.ts";
import { nodeCodec } from "../../node/codec.ts";
import { readImage } from "../../node/decode-image.ts";
import { escapeHtml, html } from "../../util/html.ts";
import { Random } from "../../util/random.ts";
import { reportHtml } from "./html.ts";
import type { Grid } from "./report.ts";

const report = syntheticReport(30);
const seconds = syntheticSeconds(report);

function noise(width: number, height: number) {
  const random = Random.from(3, width, height);
  return fromBytes(
    Uint8Array.from({ length: 3 * width * height }, () => random.integer(0, 255)),
    width,
    height,
  );
}

const pictures = [noise(16, 16), noise(16, 16), noise(24, 16)];
const grids: Grid[] = [
  {
    condition: "colorize",
    headings: ["Input", hostile, "Original"],
    rows: [pictures, [pictures[0]!]],
  },
];

describe("reportHtml", () => {
  let text: string;
  let document: ReturnType<typeof parseHTML>["document"];

  beforeAll(async () => {
    text = await reportHtml(report, seconds, grids, nodeCodec);
    document = parseHTML(text).document;
  });

  const all = (selector: string) => [...document.querySelectorAll(selector)];

  it("needs nothing from elsewhere and runs nothing", () => {
    expect(all("script, iframe, object, embed, form, base")).toHaveLength(0);
    const addresses = all("[src], [href]").map(
      (element) => element.getAttribute("src") ?? element.getAttribute("href")!,
    );
    expect(addresses.filter((address) => !/^(data:|#)/.test(address))).toEqual([]);
    expect(text).not.toMatch(/url\(|@import/);
    const handlers = all("*").flatMap((element) => element.getAttributeNames());
    expect(handlers.filter((name) => name.startsWith("on"))).toEqual([]);
    expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toContain(
      "default-src 'none'",
    );
  });

  it("shows hostile names as they are", () => {
    expect(document.querySelector("h1")!.textContent).toContain(hostile);
    const rows = all("tbody th").map((element) => element.textContent);
    expect(rows).toContain(hostile);
    expect(all('img[src="x"]')).toHaveLength(0);
  });

  it("has one main heading, no skipped level, and contents that lead somewhere", () => {
    const levels = all("h1, h2, h3, h4").map((element) => Number(element.tagName[1]));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
    });
    const ids = all("[id]").map((element) => element.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of all("nav a")) expect(ids).toContain(link.getAttribute("href")!.slice(1));
  });

  it("gives each table a caption and headings, each row its cells", () => {
    expect(all("table").length).toBeGreaterThan(10);
    for (const table of all("table")) {
      expect(table.querySelector("caption")!.textContent).not.toBe("");
      const columns = table.querySelectorAll("thead th").length;
      for (const line of table.querySelectorAll("tbody tr")) {
        const cells = [...line.children];
        const span = cells.reduce(
          (sum, cell) => sum + Number(cell.getAttribute("colspan") ?? 1),
          0,
        );
        expect(span).toBe(columns);
        expect(cells[0]!.getAttribute("scope")).toMatch(/^row/);
      }
    }
  });

  it("describes each picture and each chart in words", () => {
    expect(all("img")).toHaveLength(4);
    for (const image of all("img")) expect(image.getAttribute("alt")).toMatch(/of picture [12], /);
    expect(all("svg").length).toBeGreaterThan(20);
    for (const chart of all("svg")) {
      expect(chart.getAttribute("role")).toBe("img");
      expect(chart.getAttribute("aria-label")!.length).toBeGreaterThan(20);
      expect(chart.innerHTML).not.toMatch(/NaN|undefined|Infinity/);
    }
    for (const figure of all("figure")) expect(figure.querySelector("figcaption")).not.toBeNull();
  });

  it("marks the best, gives intervals and says whose numbers the paper's are", () => {
    expect(text).toMatch(/21\.8<[\s\S]*?1\.7/);
    expect(text).toMatch(/The paper&#39;s Table 4[\s\S]*not comparable/);
    expect(text).toContain("N = 30 crops at random places");
    expect(text).toContain("FID here is not the FID of publications");
  });

  it("holds the pictures unchanged", async () => {
    const sources = all("img").map((image) => image.getAttribute("src")!);
    const png = Buffer.from(sources[2]!.replace("data:image/png;base64,", ""), "base64");
    const image = await readImage(png);
    expect([image.width, image.height]).toEqual([24, 16]);
    expect(toBytes(image)).toEqual(toBytes(pictures[2]!));
  });

  it("is the same for the same report", async () => {
    expect(await reportHtml(report, seconds, grids, nodeCodec)).toBe(text);
  });

  it("shows what is left when no network was found", async () => {
    const conditions = report.conditions.map((condition) => ({
      ...condition,
      rows: condition.rows.map((row) => ({
        ...row,
        metrics: { ssim: row.metrics.ssim, psnr: row.metrics.psnr },
        perImage: { ssim: row.perImage.ssim },
      })),
    }));
    const page = await reportHtml({ ...report, networks: {}, conditions }, {}, [], nodeCodec);
    const { document } = parseHTML(page);
    const table = document.querySelector("table.values")!;
    const headings = [...table.querySelectorAll("thead abbr")].map(
      (element) => element.textContent,
    );
    expect(headings).toEqual(["SSIM\u00a0↑", "PSNR dB\u00a0↑"]);
    expect(page).not.toContain("FID here is not");
  });

  it("can be written before anything is measured", async () => {
    const page = await reportHtml(
      { ...report, models: [], conditions: [], notes: [] },
      {},
      [],
      nodeCodec,
    );
    expect(parseHTML(page).document.querySelector("h1")!.textContent).toBe("Evaluation");
  });
});

describe("html", () => {
  it("escapes what is inserted and nests what is made by it", () => {
    const inner = html`<b>${"<&\"'>"}</b>`;
    expect(html`<p title="${'"'}">${[inner, undefined, 1]}</p>`.text).toBe(
      '<p title="&quot;"><b>&lt;&amp;&quot;&#39;&gt;</b>1</p>',
    );
    expect(escapeHtml("a\u0000\u001b\tb\n")).toBe("a\ufffd\ufffd\tb\n");
  });
});
