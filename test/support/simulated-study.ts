/** Simulated subjects: who is fooled depends on the subject, on the photo and on chance. */
import { assignTrials } from "../../src/study/design.ts";
import type { Judgement } from "../../src/study/statistics/interval.ts";
import { Random } from "../../src/util/random.ts";

export interface Effects {
  /** Of the fool rate of a common subject on a common photo. */
  readonly logit: number;
  /** How far subjects differ: standard deviation of their logits. */
  readonly subjects: number;
  readonly photos: number;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** The fool rate over all subjects and photos that there could be. */
export function populationRate({ logit, subjects, photos }: Effects): number {
  const deviation = Math.hypot(subjects, photos);
  let [sum, weights] = [0, 0];
  for (let x = -6; x <= 6; x += 0.01) {
    const weight = Math.exp((-x * x) / 2);
    sum += weight * logistic(logit + deviation * x);
    weights += weight;
  }
  return sum / weights;
}

/** Votes of 50 subjects on 50 of 100 pairs each; valid until the next call. */
export function simulatedVotes(effects: Effects, study: number): readonly Judgement[] {
  const random = Random.from("simulated", JSON.stringify(effects), study);
  const uniform = fastUniform(random.integer(0, 2 ** 31));
  const ofPhoto = Array.from({ length: 100 }, () => effects.photos * random.normal());
  const ofSubject = Array.from({ length: 50 }, () => effects.subjects * random.normal());
  for (const vote of votes()) {
    const logit = effects.logit + ofSubject[vote.subject]! + ofPhoto[vote.photo]!;
    vote.fooled = uniform() < logistic(logit);
  }
  return votes();
}

type Vote = { -readonly [K in keyof Judgement]: Judgement[K] };
let made: Vote[] | undefined;

/** Who sees which photo: the same in all studies, as it does not depend on the votes. */
function votes(): Vote[] {
  const design = { photos: 100, cells: 1, trials: 50, practice: 0, checks: 0 };
  const seen = new Array<number>(100).fill(0);
  made ??= Array.from({ length: 50 }, (_, subject) => {
    const trials = assignTrials(design, seen, Random.from("assigned", subject));
    for (const { item } of trials) seen[item]!++;
    return trials.map(({ item: photo }) => ({ subject, photo, fooled: false }));
  }).flat();
  return made;
}

/** Mulberry32: a thousand studies take millions of numbers. */
function fastUniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
