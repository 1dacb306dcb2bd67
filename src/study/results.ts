/** From votes to fool rates. */
import type { Side, TrialKind } from "./design.ts";
import type { Study } from "./settings.ts";
import { type Agreement, agreement } from "./statistics/agreement.ts";
import { crossedInterval, type Interval, type Judgement, wilson } from "./statistics/interval.ts";

/** A trial that was voted on. */
export interface RecordedVote {
  readonly subject: number;
  readonly kind: TrialKind;
  readonly item: number;
  readonly truth: Side;
  readonly side: Side;
  /** Milliseconds from the first frame of the pair. */
  readonly reaction: number;
}

export interface RecordedSubject {
  readonly id: number;
  /** When all was done; null before. */
  readonly finished: string | null;
}

export interface Recorded {
  readonly subjects: readonly RecordedSubject[];
  readonly votes: readonly RecordedVote[];
  /** Subjects whose data were deleted. */
  readonly deleted: number;
}

/** The share of votes that took the answer for the camera's picture; 0.5 is perfect. */
export interface FoolRate {
  readonly votes: number;
  readonly fooled: number;
  /** Undefined without votes. */
  readonly rate?: number;
  /** For these very subjects and photos: every vote by itself. */
  readonly wilson: Interval;
  /** For other subjects and other photos. */
  readonly crossed: Interval;
  readonly agreement: Agreement;
}

export interface CellResult extends FoolRate {
  readonly condition: string;
  readonly task: string;
  readonly title: string;
  readonly model: string;
}

export interface PairResult {
  /** The pair's number. */
  readonly pair: number;
  readonly photo: string;
  readonly condition: string;
  readonly model: string;
  readonly votes: number;
  readonly fooled: number;
}

export interface StudyResults {
  readonly cells: readonly CellResult[];
  /** Each model over all conditions. */
  readonly models: readonly (FoolRate & { readonly model: string })[];
  readonly pairs: readonly PairResult[];
  readonly subjects: SubjectCounts;
  /** The share of counted votes for the left side, and their median time in milliseconds. */
  readonly left?: number;
  readonly reaction?: number;
}

export interface SubjectCounts {
  /** Whose votes count. */
  readonly counted: number;
  readonly failedChecks: number;
  readonly unfinished: number;
  readonly deleted: number;
}

/** Which subjects count: those who finished and failed no more checks than the study allows. */
export function countedSubjects(
  { subjects, votes }: Recorded,
  { settings }: Study,
): { counted: ReadonlySet<number>; failed: ReadonlySet<number> } {
  const failures = new Map<number, number>();
  for (const { subject, kind, side, truth } of votes) {
    if (kind === "check" && side !== truth) failures.set(subject, (failures.get(subject) ?? 0) + 1);
  }
  const fails = ({ id }: RecordedSubject) => (failures.get(id) ?? 0) > settings.failuresAllowed;
  const failed = subjects.filter(fails).map(({ id }) => id);
  const counted = subjects.filter((one) => one.finished !== null && !fails(one));
  return { counted: new Set(counted.map(({ id }) => id)), failed: new Set(failed) };
}

/** @param replicates of the bootstraps */
export function studyResults(study: Study, recorded: Recorded, replicates = 2000): StudyResults {
  const { cells, photos, pairs } = study.made;
  const { counted, failed } = countedSubjects(recorded, study);
  const votes = recorded.votes.filter(
    ({ kind, subject }) => kind === "pair" && counted.has(subject),
  );
  const judged = votes.map(({ subject, item, side, truth }) => ({
    ...{ subject, photo: Math.floor(item / cells.length), cell: item % cells.length, item },
    fooled: side !== truth,
  }));
  const rateOf = (some: readonly Judgement[]) => foolRate(some, replicates);
  const models = [...new Set(cells.map(({ model }) => model))];
  const times = votes.map(({ reaction }) => reaction).sort((a, b) => a - b);
  const unfinished = recorded.subjects.filter(
    ({ id, finished }) => finished === null && !failed.has(id),
  );
  return {
    cells: cells.map(({ condition, task, title, model }, k) => ({
      ...{ condition, task, title, model },
      ...rateOf(judged.filter(({ cell }) => cell === k)),
    })),
    models: models.map((model) => ({
      model,
      ...rateOf(judged.filter(({ cell }) => cells[cell]?.model === model)),
    })),
    pairs: pairs.map((_, pair): PairResult => {
      const { condition, model } = cells[pair % cells.length]!;
      const own = judged.filter(({ item }) => item === pair);
      const photo = photos[Math.floor(pair / cells.length)]!;
      const fooled = own.filter((vote) => vote.fooled).length;
      return { pair, photo, condition, model, votes: own.length, fooled };
    }),
    subjects: {
      counted: counted.size,
      failedChecks: failed.size,
      unfinished: unfinished.length,
      deleted: recorded.deleted,
    },
    ...(votes.length > 0 && {
      left: votes.filter(({ side }) => side === "left").length / votes.length,
      reaction: times[Math.floor(times.length / 2)]!,
    }),
  };
}

function foolRate(votes: readonly Judgement[], replicates: number): FoolRate {
  const fooled = votes.filter((vote) => vote.fooled).length;
  return {
    ...{ votes: votes.length, fooled },
    ...(votes.length > 0 && { rate: fooled / votes.length }),
    wilson: wilson(fooled, votes.length),
    crossed: crossedInterval(votes, { replicates }),
    agreement: agreement(votes),
  };
}

/** The pairs of a cell that fooled most, or least; of equal ones those with more votes first. */
export function extremes(
  pairs: readonly PairResult[],
  which: "most" | "least",
  count: number,
): PairResult[] {
  const share = ({ fooled, votes }: PairResult) => fooled / votes;
  const sign = which === "most" ? -1 : 1;
  return pairs
    .filter(({ votes }) => votes > 0)
    .sort((a, b) => sign * (share(a) - share(b)) || b.votes - a.votes || a.pair - b.pair)
    .slice(0, count);
}
