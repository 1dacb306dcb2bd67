/** Pictures of one size side by side in a batch, [N,C,H,W]. */

/** The values of N pictures one after the other. */
export function stack(parts: readonly Float32Array[]): Float32Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The other way round: views of N pictures. */
export function unstack(all: Float32Array, count: number): Float32Array[] {
  const each = all.length / count;
  return Array.from({ length: count }, (_, k) => all.subarray(k * each, (k + 1) * each));
}
