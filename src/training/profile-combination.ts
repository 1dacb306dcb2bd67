/**
 * The sum of snapshots of the weights' averages whose profile is nearest to that of an average of
 * another length (EDM2, appendix C.2 and C.3); `power-average.ts` has the profiles.
 */
import { Matrix, solve } from "ml-matrix";
import { exponentOf } from "./power-average.ts";

/** An average after so many images since the averages began. */
export interface Profile {
  readonly length: number;
  readonly t: number;
}

/**
 * The integral of the product of two profiles, (gamma + 1) t^gamma / T^(gamma + 1) up to T
 * (appendix C.2).
 */
function overlap(a: Profile, b: Profile): number {
  const [first, last] = a.t <= b.t ? [a, b] : [b, a];
  const [p, q] = [exponentOf(first.length), exponentOf(last.length)];
  return ((p + 1) * (q + 1) * (first.t / last.t) ** q) / ((p + q + 1) * last.t);
}

export interface Combination {
  /** What each profile counts; their sum is 1. */
  readonly shares: readonly number[];
  /** The distance of the combined profile from the wanted one, as a part of the wanted one's. */
  readonly error: number;
}

/** The combination of these profiles that is nearest to another one, by least squares. */
export function combine(profiles: readonly Profile[], wanted: Profile): Combination {
  const products = new Matrix(profiles.map((a) => profiles.map((b) => overlap(a, b))));
  const aims = profiles.map((profile) => overlap(profile, wanted));
  const solution = solve(products, Matrix.columnVector(aims)).to1DArray();
  const sum = solution.reduce((total, share) => total + share, 0);
  const shares = solution.map((share) => share / sum);
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((total, value, k) => total + value * b[k]!, 0);
  const own = overlap(wanted, wanted);
  const row = (k: number) => products.getRow(k);
  const squares = shares.reduce((total, share, k) => total + share * product(row(k), shares), 0);
  const distance = squares - 2 * product(shares, aims) + own;
  return { shares, error: Math.sqrt(Math.max(0, distance) / own) };
}
