/** Sine and cosine of sums and products, for GPUs: WGSL promises its own to 5e-4 at best. */
import type { Emitter } from "./tensor.ts";

/** To 6e-8, of angles whose multiple of pi has at most 16 bits. */
export function ownSine(
  emitter: Pick<Emitter, "node" | "floats">,
  type: "Sin" | "Cos",
  input: string,
): string {
  const number = (value: number) => emitter.floats(Float32Array.of(value), []);
  const apply = (op: "Add" | "Sub" | "Mul", a: string, b: string | number) =>
    emitter.node(op, [a, typeof b === "number" ? number(b) : b]);
  // sin(x) = (-1)^k sin(x - k pi), and cos(x) = (-1)^k sin(x - k pi + pi/2).
  const turns = apply("Mul", input, 1 / Math.PI);
  const k = emitter.node("Floor", [apply("Add", turns, type === "Sin" ? 0.5 : 1)]);
  // pi in two parts (Cody & Waite): the first has 8 bits, so that its multiples are exact.
  const coarse = 201 / 64;
  const near = apply("Sub", input, apply("Mul", k, coarse));
  const angle = apply("Sub", near, apply("Mul", k, Math.PI - coarse));
  const x = type === "Sin" ? angle : apply("Add", angle, Math.PI / 2);
  const pairs = emitter.node("Floor", [apply("Mul", k, 0.5)]);
  const sign = apply("Add", apply("Mul", apply("Sub", k, apply("Add", pairs, pairs)), -2), 1);
  // x (1 - x^2 / (2 3) (1 - x^2 / (4 5) (...))), to 6e-8 between -pi/2 and pi/2.
  const squared = apply("Mul", x, x);
  let series = apply("Add", apply("Mul", squared, -1 / (10 * 11)), 1);
  for (let n = 8; n >= 2; n -= 2) {
    const term = apply("Mul", apply("Mul", squared, series), -1 / (n * (n + 1)));
    series = apply("Add", term, 1);
  }
  return apply("Mul", apply("Mul", x, series), sign);
}
