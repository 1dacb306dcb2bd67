/** Intervals of a share: of independent votes, and of votes by subjects on photos. */
import { Random } from "../../util/random.ts";
import { studentT95, z95 } from "../../util/student-t.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Who took, or did not take, the answer to which photo for the camera's picture. */
export interface Judgement {
  readonly subject: number;
  readonly photo: number;
  readonly fooled: boolean;
}

/** Wilson's 95 % interval of `count` of `total` independent votes; [0, 1] of none. */
export function wilson(count: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const share = count / total;
  const z2 = z95 ** 2;
  const middle = (share + z2 / (2 * total)) / (1 + z2 / total);
  const half =
    (z95 / (1 + z2 / total)) * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * The 95 % interval for other subjects and other photos. Votes of one subject are alike, and so are
 * votes on one photo: the variances of bootstraps over subjects and over photos are added, and that
 * of independent votes, which both contain, is taken off once (Cameron, Gelbach and Miller 2011).
 * It is never less than that of either bootstrap alone, and symmetric on the logit scale. Where
 * all votes agree, or there is one subject or one photo, it is Wilson's.
 * @param replicates of each bootstrap
 */
export function crossedInterval(
  votes: readonly Judgement[],
  { replicates = 1000, seed = 1 } = {},
): Interval {
  const total = votes.length;
  const fooled = votes.filter((vote) => vote.fooled).length;
  const subjects = sumsBy(votes, ({ subject }) => subject);
  const photos = sumsBy(votes, ({ photo }) => photo);
  const groups = Math.min(subjects.length, photos.length);
  if (groups < 2 || fooled === 0 || fooled === total) return wilson(fooled, total);
  const share = fooled / total;
  const bySubject = bootstrapVariance(subjects, replicates, Random.from(seed, "subjects"));
  const byPhoto = bootstrapVariance(photos, replicates, Random.from(seed, "photos"));
  const independent = (share * (1 - share)) / (total - 1);
  const variance = Math.max(bySubject + byPhoto - independent, bySubject, byPhoto);
  const half = (studentT95(groups - 1) * Math.sqrt(variance)) / (share * (1 - share));
  const logit = Math.log(share / (1 - share));
  return { low: logistic(logit - half), high: logistic(logit + half) };
}

interface Sum {
  fooled: number;
  total: number;
}

function sumsBy(votes: readonly Judgement[], group: (vote: Judgement) => number): Sum[] {
  const sums = new Map<number, Sum>();
  for (const vote of votes) {
    const key = group(vote);
    const sum = sums.get(key) ?? { fooled: 0, total: 0 };
    sums.set(key, sum);
    sum.total++;
    if (vote.fooled) sum.fooled++;
  }
  return [...sums.values()];
}

/** The variance of the share over resamples of the groups. */
function bootstrapVariance(groups: readonly Sum[], replicates: number, random: Random): number {
  const count = groups.length;
  let [mean, squares] = [0, 0];
  for (let k = 0; k < replicates; k++) {
    let [fooled, total] = [0, 0];
    for (let n = 0; n < count; n++) {
      const group = groups[random.integer(0, count - 1)]!;
      fooled += group.fooled;
      total += group.total;
    }
    const difference = fooled / total - mean;
    mean += difference / (k + 1);
    squares += difference * (fooled / total - mean);
  }
  // A resample of n groups varies by (n - 1) / n of what a sample varies by.
  return (squares / (replicates - 1)) * (count / (count - 1));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
