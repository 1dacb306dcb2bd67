import { expect } from "vitest";
import type { Image } from "../../src/image/image.ts";

/**
 * The mean step across columns at multiples of `period`, in parts of that between other columns.
 */
export function seam({ width, height, data }: Image, period: number): number {
  const [at, elsewhere] = [
    [0, 0],
    [0, 0],
  ] as [[number, number], [number, number]];
  for (let i = 0; i < data.length; i++) {
    const x = i % width;
    if (x === 0) continue;
    const sums = x % period === 0 ? at : elsewhere;
    sums[0] += Math.abs(data[i]! - data[i - 1]!);
    sums[1]++;
  }
  expect(height).toBe(width);
  return at[0] / at[1] / (elsewhere[0] / elsewhere[1]);
}
