/** Student's t, for intervals from few values. */

/** The 97.5 % quantile of the normal distribution. */
export const z95 = 1.959964;

/** Those of 1, 2 and 3 degrees of freedom, where the expansion is not good enough. */
const exact = [12.706205, 4.302653, 3.182446];

/**
 * The 97.5 % quantile of Student's t, of 1 degree of freedom or more, whole or not. From 3 on
 * Cornish and Fisher's expansion (error below 0.5 %); below, the logarithm is interpolated linearly
 * in the inverse of the freedom (error below 3 %).
 */
export function studentT95(freedom: number): number {
  if (freedom < 3) {
    const low = Math.max(1, Math.floor(freedom));
    const [upper, lower] = [exact[low - 1]!, exact[low]!];
    const share = (1 / Math.max(1, freedom) - 1 / (low + 1)) / (1 / low - 1 / (low + 1));
    return lower * (upper / lower) ** share;
  }
  const z = z95;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}
