/** What a classifier thinks of pictures: inception score and classification accuracy. */
import { PaletteError } from "../../util/errors.ts";
import { countRows } from "./feature-matrix.ts";
import { countDraws } from "./resample.ts";

/** How far the probabilities of a picture may sum to other than 1. */
const tolerance = 1e-3;

/**
 * The inception score (Salimans et al. 2016, section 4): exp of the mean divergence of a picture's
 * class probabilities from their mean over the pictures. From 1 (all alike) to `classes` (each
 * picture surely of one class, all classes equally often).
 *
 * `probabilities` is Float32Array [N, classes], each row summing to 1. With `splits` > 1 the rows
 * are cut into that many consecutive parts of floor(N / splits). The parts' scores are averaged, as
 * the original code does with 10; a small part cannot score above its number of pictures.
 * @throws PaletteError when there are fewer rows than splits, parts of rows, or rows that are no
 * probabilities.
 */
export function inceptionScore(probabilities: Float32Array, classes: number, splits = 1): number {
  if (!Number.isInteger(splits) || splits < 1) {
    throw new PaletteError(`The number of splits must be a whole number from 1 up, not ${splits}.`);
  }
  const rows = countProbabilities(probabilities, classes, splits);
  const each = Math.floor(rows / splits);
  let sum = 0;
  for (let part = 0; part < splits; part++) {
    const values = probabilities.subarray(part * each * classes, (part + 1) * each * classes);
    sum += scorer(values, classes)(Int32Array.from({ length: each }, (_, i) => i));
  }
  return sum / splits;
}

/**
 * A function from row numbers (repetitions allowed) to the inception score, in one split, of these
 * rows; every row once gives `inceptionScore(probabilities, classes)`.
 * @throws PaletteError as `inceptionScore` does.
 */
export function inceptionScoreResampler(
  probabilities: Float32Array,
  classes: number,
): (rows: Int32Array) => number {
  countProbabilities(probabilities, classes);
  return scorer(probabilities, classes);
}

/**
 * Classification accuracy (the paper's CA): how many of the pictures have their label as the most
 * probable class, from 0 to 1. `labels[i]` is the class, counted from 0, of row i of
 * `probabilities` [N, classes]; of equal probabilities the first counts.
 * @throws PaletteError when a row has no label or a label is no class.
 */
export function classificationAccuracy(
  probabilities: Float32Array,
  classes: number,
  labels: readonly number[],
): number {
  const hits = classificationHits(probabilities, classes, labels);
  return hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
}

/** Of each picture: 1 when its label is the most probable class, otherwise 0. */
export function classificationHits(
  probabilities: Float32Array,
  classes: number,
  labels: readonly number[],
): number[] {
  const rows = countProbabilities(probabilities, classes);
  if (labels.length !== rows) {
    throw new PaletteError(
      `There are ${rows} rows of probabilities but ${labels.length} labels: pass one label for each picture.`,
    );
  }
  return labels.map((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new PaletteError(
        `The label ${label} of picture ${i} is no class: classes are counted from 0 to ${classes - 1}.`,
      );
    }
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let k = 1; k < classes; k++) if (row[k]! > row[best]!) best = k;
    return best === label ? 1 : 0;
  });
}

/** The score is exp(entropy of the mean - mean of the entropies). */
function scorer(probabilities: Float32Array, classes: number): (rows: Int32Array) => number {
  const count = probabilities.length / classes;
  const entropies = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    entropies[i] = entropy(probabilities.subarray(i * classes, (i + 1) * classes));
  }
  return (rows) => {
    const { drawn, weights, total } = countDraws(rows, count);
    const mean = new Float64Array(classes);
    let entropyOfRows = 0;
    drawn.forEach((row, i) => {
      const weight = weights[i]! / total;
      entropyOfRows += weight * entropies[row]!;
      for (let k = 0, at = row * classes; k < classes; k++, at++) {
        mean[k]! += weight * probabilities[at]!;
      }
    });
    return Math.exp(entropy(mean) - entropyOfRows);
  };
}

/**
 * In nats; 0 log 0 is 0. Brought to a sum of 1 first, which float32 probabilities miss a little.
 */
function entropy(probabilities: Float32Array | Float64Array): number {
  let sum = 0;
  let total = 0;
  for (const p of probabilities) {
    total += p;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum / total + Math.log(total);
}

function countProbabilities(probabilities: Float32Array, classes: number, least = 1): number {
  const rows = countRows(probabilities, classes, "The set of probabilities", least);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    let smallest = 0;
    for (const p of probabilities.subarray(i * classes, (i + 1) * classes)) {
      sum += p;
      if (p < smallest) smallest = p;
    }
    if (smallest < -tolerance || Math.abs(sum - 1) > tolerance) {
      throw new PaletteError(
        `Row ${i} holds no probabilities (its sum is ${sum.toPrecision(4)}): apply the softmax of the network first.`,
      );
    }
  }
  return rows;
}
