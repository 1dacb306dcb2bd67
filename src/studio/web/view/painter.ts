/** Draws a scene on the canvas. */
import type { Box } from "../../../image/image.ts";
import { bitmapFor } from "../state/photo.ts";
import type { CellScene, Layer } from "./scene.ts";
import { toScreen, type Viewport } from "./viewport.ts";

export interface Painted {
  readonly scene: readonly CellScene[];
  readonly cells: readonly Box[];
  readonly viewport: Viewport;
  /** Device pixels by CSS pixel. */
  readonly pixelRatio: number;
  /** Of the theme. */
  readonly colours: { readonly growth: string; readonly edge: string };
}

/** From this scale on, single pixels are to be seen. */
const pixelated = 6;
const maskOpacity = 0.55;

export function paint(canvas: HTMLCanvasElement, painted: Painted): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { scene, cells, viewport, pixelRatio, colours } = painted;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.scale(pixelRatio, pixelRatio);
  scene.forEach((content, k) => {
    const cell = cells[k];
    if (cell === undefined) return;
    context.save();
    context.beginPath();
    context.rect(cell.left, cell.top, cell.width, cell.height);
    context.clip();
    context.translate(cell.left, cell.top);
    if (content.growth !== undefined) {
      context.fillStyle = colours.growth;
      const { x, y, width, height } = onScreen(content.growth, viewport);
      context.fillRect(x, y, width, height);
    }
    for (const layer of content.layers) drawLayer(context, layer, cell, viewport, pixelRatio);
    if (content.mask !== undefined) {
      const { width, height } = content.mask.photo;
      const at = onScreen({ left: 0, top: 0, width, height }, viewport);
      context.imageSmoothingEnabled = viewport.scale < pixelated;
      context.imageSmoothingQuality = "low";
      context.globalAlpha = maskOpacity;
      context.drawImage(content.mask.canvas, at.x, at.y, at.width, at.height);
      context.globalAlpha = 1;
    }
    const outline = content.layers[0];
    if (outline !== undefined && content.growth === undefined) {
      const { x, y, width, height } = onScreen(outline.box, viewport);
      context.strokeStyle = colours.edge;
      context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
    }
    context.restore();
  });
}

function drawLayer(
  context: CanvasRenderingContext2D,
  { source, box, from = 0, to = 1 }: Layer,
  cell: Box,
  viewport: Viewport,
  pixelRatio: number,
): void {
  const { x, y, width, height } = onScreen(box, viewport);
  context.save();
  if (from > 0 || to < 1) {
    context.beginPath();
    context.rect(from * cell.width, 0, (to - from) * cell.width, cell.height);
    context.clip();
  }
  const isPhoto = "preview" in source;
  const bitmap = isPhoto ? bitmapFor(source, width * pixelRatio) : source;
  const scale = width / (isPhoto ? source.width : width);
  context.imageSmoothingEnabled = scale * pixelRatio < pixelated || !isPhoto;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, x, y, width, height);
  context.restore();
}

function onScreen({ left, top, width, height }: Box, viewport: Viewport) {
  const { x, y } = toScreen(viewport, { x: left, y: top });
  return { x, y, width: width * viewport.scale, height: height * viewport.scale };
}
