/** In which order what is planned is computed: the cheapest study first, whole. */
import {
  callsOf,
  cellKey,
  type Job,
  type PlannedSet,
  type PlannedStudy,
  type PlannedTraining,
  trainingId,
} from "./planned.ts";

/** By their keys. */
export interface Planned {
  readonly trainings: ReadonlyMap<string, PlannedTraining>;
  readonly sets: ReadonlyMap<string, PlannedSet>;
}

/**
 * Repeatedly the study that costs least on top of what comes before it.
 * @param shards trainings are dealt out to so many processes, each with what is measured of it
 */
export function jobsInOrder(studies: readonly PlannedStudy[], planned: Planned, shards = 1): Job[] {
  const made = new Set<string>();
  const jobs: Job[] = [];
  const left = [...studies];
  let dealt = 0;
  const shardOf = new Map<string, number>();
  while (left.length > 0) {
    const costs = left.map((study) =>
      jobsOf(study, planned)
        .filter(({ id }) => !made.has(id))
        .reduce((sum, { cost }) => sum + cost, 0),
    );
    const [next] = left.splice(costs.indexOf(Math.min(...costs)), 1);
    for (const { id, training, set } of jobsOf(next!, planned)) {
      if (made.has(id)) continue;
      made.add(id);
      if (training !== undefined) {
        shardOf.set(trainingId(training), dealt++ % shards);
        jobs.push({ kind: "training", training, shard: shardOf.get(trainingId(training))! });
      } else if (set !== undefined) {
        const owner = typeof set.source === "string" ? undefined : trainingId(set.source);
        const shard = owner === undefined ? 0 : (shardOf.get(owner) ?? 0);
        jobs.push({ kind: "set", set, shard });
      }
    }
  }
  return jobs;
}

interface CostedJob {
  readonly id: string;
  /** In training images, roughly. */
  readonly cost: number;
  readonly training?: PlannedTraining;
  readonly set?: PlannedSet;
}

/**
 * A network call costs about a quarter of a training image, a picture's features as much as one.
 */
const callCost = 0.25;

/** A study's jobs: each training, with what is measured of it; a whole seed at a time. */
function jobsOf(
  { study, arms, conditions, cells, degraded, originals }: PlannedStudy,
  { trainings, sets }: Planned,
): CostedJob[] {
  const jobs = new Map<string, CostedJob>();
  const addSet = (key: string) => {
    const set = sets.get(key)!;
    if (typeof set.source !== "string") {
      const training = set.source;
      const id = trainingId(training);
      jobs.set(id, { id, cost: training.images, training: trainings.get(id)! });
    }
    jobs.set(key, {
      id: key,
      cost: callCost * callsOf(set) + set.protocol.crops * set.samples,
      set,
    });
  };
  for (const key of [originals, ...degraded.values()]) addSet(key);
  for (const seed of study.seeds.keys()) {
    for (const { name } of arms) {
      for (const { id } of conditions) {
        const key = cells.get(cellKey(name, id))?.[seed];
        if (key !== undefined) addSet(key);
      }
    }
  }
  return [...jobs.values()];
}
