/** Sharing things out over places, as evenly as whole numbers allow. */

/** How many of `total` things each of the places gets; the first ones get the odd ones. */
export function distribute(total: number, places: number): number[] {
  const floor = Math.floor(total / places);
  return Array.from({ length: places }, (_, i) => floor + (i < total % places ? 1 : 0));
}

/** 0 and the partial sums. */
export function cumulative(counts: readonly number[]): number[] {
  const sums = [0];
  for (const count of counts) sums.push(sums[sums.length - 1]! + count);
  return sums;
}

/** From where to where each place's things go: [first, one past the last]. */
export function rangesOf(total: number, places: number): [number, number][] {
  const cuts = cumulative(distribute(total, places));
  return Array.from({ length: places }, (_, i) => [cuts[i]!, cuts[i + 1]!]);
}
