/**
 * Free-form masks: brush strokes as in Algorithm 1 of DeepFill v2 (Yu et al., "Free-Form Image
 * Inpainting with Gated Convolution"), which Palette trains on. The constants are those of its
 * public code at 256 pixels; widths and lengths grow and shrink with the resolution.
 */
import { createMask, type Mask } from "../image/image.ts";
import type { Random } from "../util/random.ts";

const strokes = { least: 1, most: 3 };
const vertices = { least: 4, most: 11 };
const meanAngle = (2 * Math.PI) / 5;
const angleRange = (2 * Math.PI) / 15;
/** Brush width as a share of the side: 12 to 40 pixels of 256. */
const brush = { least: 12 / 256, most: 40 / 256 };

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A mask of 1 to 3 strokes, never empty. */
export function freeFormMask(width: number, height: number, random: Random): Mask {
  const mask = createMask(width, height);
  const count = random.integer(strokes.least, strokes.most);
  for (let i = 0; i < count; i++) {
    const path = strokePath(width, height, random);
    const share = random.between(brush.least, brush.most);
    // A brush thinner than a pixel's diagonal could miss every pixel's centre.
    drawStroke(mask, path, Math.max(1.5, share * Math.min(width, height)) / 2);
  }
  // Strokes drift to the right; the algorithm mirrors them (the public code drops the mirrored
  // mask).
  if (random.uniform() < 0.5) mirror(mask, (x, y) => [width - 1 - x, y]);
  if (random.uniform() < 0.5) mirror(mask, (x, y) => [x, height - 1 - y]);
  return mask;
}

/** The corners of one stroke: a zigzag of steps that alternate between two directions. */
function strokePath(width: number, height: number, random: Random): Point[] {
  const radius = Math.hypot(width, height) / 8;
  const smallest = meanAngle - random.between(0, angleRange);
  const largest = meanAngle + random.between(0, angleRange);
  const steps = random.integer(vertices.least, vertices.most);
  let point = { x: random.between(0, width), y: random.between(0, height) };
  const path = [point];
  for (let i = 0; i < steps; i++) {
    const drawn = random.between(smallest, largest);
    const angle = i % 2 === 0 ? 2 * Math.PI - drawn : drawn;
    const length = clamp(radius + (radius / 2) * random.normal(), 0, 2 * radius);
    point = {
      x: clamp(point.x + length * Math.cos(angle), 0, width),
      y: clamp(point.y + length * Math.sin(angle), 0, height),
    };
    path.push(point);
  }
  return path;
}

/** Marks all pixels whose centre is within `radius` of the path: round ends and round joints. */
function drawStroke(mask: Mask, path: readonly Point[], radius: number): void {
  for (let i = 1; i < path.length; i++) drawSegment(mask, path[i - 1]!, path[i]!, radius);
}

function drawSegment({ width, height, data }: Mask, a: Point, b: Point, radius: number): void {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const squared = dx * dx + dy * dy;
  const left = Math.max(0, Math.floor(Math.min(a.x, b.x) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(a.x, b.x) + radius));
  const top = Math.max(0, Math.floor(Math.min(a.y, b.y) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(a.y, b.y) + radius));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x + 0.5 - a.x;
      const py = y + 0.5 - a.y;
      const along = squared === 0 ? 0 : clamp((px * dx + py * dy) / squared, 0, 1);
      const distance = (px - along * dx) ** 2 + (py - along * dy) ** 2;
      if (distance <= radius * radius) data[y * width + x] = 1;
    }
  }
}

function mirror(
  { width, height, data }: Mask,
  to: (x: number, y: number) => [number, number],
): void {
  const old = data.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [newX, newY] = to(x, y);
      data[newY * width + newX] = old[y * width + x]!;
    }
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
