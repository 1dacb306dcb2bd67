/**
 * What all charts share: size, axes, colors. A chart is an SVG for a page whose style sheet has the
 * colors (light and dark); it is drawn 440 units wide with letters large enough for a telephone.
 */
import type { ScaleContinuousNumeric } from "d3-scale";
import { html, type Markup } from "./escape.ts";

export const chartWidth = 440;
export const margin = { left: 14, right: 18, top: 8, bottom: 44 } as const;
/** Roughly how wide a letter of the charts' font is. */
const letterWidth = 7;

/** A chart with the text that stands for it where pictures are not seen. */
export interface Chart {
  readonly caption: string;
  readonly svg: Markup;
}

/** The drawing in its frame; `description` is read out in place of it. */
export function frame(height: number, description: string, drawing: readonly Markup[]): Markup {
  return html`<svg class="chart" viewBox="0 0 ${chartWidth} ${height}" role="img" aria-label="${description}">${drawing}</svg>`;
}

export interface AxisOptions {
  readonly scale: ScaleContinuousNumeric<number, number>;
  readonly label: string;
  /** Where the axis stands: its y if horizontal, its x if vertical. */
  readonly at: number;
  /** How far the grid lines reach on the other axis. */
  readonly grid: readonly [from: number, to: number];
  /** Instead of the scale's own. */
  readonly ticks?: readonly number[];
}

/** A horizontal axis below the drawing, with grid lines, numbers and its name in the middle. */
export function bottomAxis({ scale, label, at, grid, ticks }: AxisOptions): Markup {
  const values = ticks ?? scale.ticks(6);
  const text = ticks ? String : scale.tickFormat(6);
  const [from, to] = scale.range() as [number, number];
  let free = Number.NEGATIVE_INFINITY;
  const marks = values.map((value) => {
    const x = round(scale(value));
    const half = (text(value).length * letterWidth) / 2 + 3;
    // A number that would run into the one before it is left out; its line stays.
    const shown = x - half >= free;
    if (shown) free = x + half;
    const words = shown
      ? html`<text class="tick" x="${x}" y="${at + 16}" text-anchor="middle">${text(value)}</text>`
      : undefined;
    return html`<line class="grid" x1="${x}" x2="${x}" y1="${grid[0]}" y2="${grid[1]}"/>${words}`;
  });
  return html`${marks}<line class="axis" x1="${from}" x2="${to}" y1="${at}" y2="${at}"/><text class="name" x="${(from + to) / 2}" y="${at + 36}" text-anchor="middle">${label}</text>`;
}

/** A vertical axis left of the drawing; its name stands above it, unturned. */
export function leftAxis({ scale, label, at, grid }: AxisOptions): Markup {
  const text = scale.tickFormat(5);
  const marks = scale.ticks(5).map((value) => {
    const y = round(scale(value));
    return html`<line class="grid" x1="${grid[0]}" x2="${grid[1]}" y1="${y}" y2="${y}"/><text class="tick" x="${at - 6}" y="${y + 4}" text-anchor="end">${text(value)}</text>`;
  });
  const top = Math.min(...scale.range());
  return html`${marks}<text class="name" x="2" y="${top - 10}">${label}</text>`;
}

/** A text cut to the width it has, with the whole in a tooltip. */
export function label(text: string, x: number, y: number, width: number, kind = "label"): Markup {
  const letters = Array.from(text);
  const most = Math.max(1, Math.floor(width / letterWidth));
  if (letters.length <= most) return html`<text class="${kind}" x="${x}" y="${y}">${text}</text>`;
  const cut = `${letters.slice(0, most - 1).join("")}…`;
  return html`<text class="${kind}" x="${x}" y="${y}"><title>${text}</title>${cut}</text>`;
}

/** Coordinates to a tenth of a unit: no one sees more. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
