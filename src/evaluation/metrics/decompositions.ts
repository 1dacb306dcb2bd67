/**
 * Decompositions of positive matrices (symmetric, no eigenvalue below 0), by ml-matrix.
 *
 * Milliseconds at n = 316 / 500 / 1024, one run each on a machine busy with other work: singular
 * values without vectors 280 / 900 / 10,900; the eigenvalue decomposition, which cannot leave out
 * the vectors, 470 / 1,500 / 17,700. Of a positive matrix the two are the same numbers.
 */
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";

/**
 * The n eigenvalues of a positive matrix [n, n], largest first. Error: some n * 2^-52 of the
 * largest.
 */
export function positiveEigenvalues(matrix: Float64Array, n: number): readonly number[] {
  return new SingularValueDecomposition(Matrix.from1DArray(n, n, matrix), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  }).diagonal;
}

/**
 * R, [n, n], of a positive, perhaps singular matrix [n, n]: R^T R is the matrix. The eigenvectors
 * are its rows, times the roots of their eigenvalues. Cholesky's factor, though quicker, does not
 * exist where a feature is constant or a mixture of others.
 */
export function positiveFactor(matrix: Float64Array, n: number): Float64Array {
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    Matrix.from1DArray(n, n, matrix),
    { assumeSymmetric: true },
  );
  const rounding = n * Number.EPSILON * values.reduce((most, value) => Math.max(most, value), 0);
  const factor = new Float64Array(n * n);
  values.forEach((value, i) => {
    if (value <= rounding) return;
    const root = Math.sqrt(value);
    for (let j = 0; j < n; j++) factor[i * n + j] = root * vectors.get(j, i);
  });
  return factor;
}
