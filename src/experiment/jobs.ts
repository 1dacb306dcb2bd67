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
  const made = new Map<string, CostedJob>();
  const left = [...studies];
  while (left.length > 0) {
    const costs = left.map((study) =>
      jobsOf(study, planned)
        .filter(({ id }) => !made.has(id))
        .reduce((sum, { cost }) => sum + cost, 0),
    );
    const [next] = left.splice(costs.indexOf(Math.min(...costs)), 1);
    for (const job of jobsOf(next!, planned)) made.set(job.id, made.get(job.id) ?? job);
  }
  const jobs = [...made.values()];
  const shardOf = dealt(jobs, shards);
  return jobs.map((job): Job => {
    const shard = shardOf.get(ownerOf(job))!;
    const { set, training } = job;
    return set ? { kind: "set", set, shard } : { kind: "training", training: training!, shard };
  });
}

/** A set belongs to its training; one of none stands alone. */
function ownerOf({ id, set }: CostedJob): string {
  return typeof set?.source === "object" ? trainingId(set.source) : id;
}

/** A shard for each owner: the costliest first, each to the shard that has least to do. */
function dealt(jobs: readonly CostedJob[], shards: number): Map<string, number> {
  const costs = new Map<string, number>();
  for (const job of jobs) {
    const owner = ownerOf(job);
    costs.set(owner, (costs.get(owner) ?? 0) + job.cost);
  }
  const loads = new Array<number>(shards).fill(0);
  const shardOf = new Map<string, number>();
  for (const [owner, cost] of [...costs].sort(([, a], [, b]) => b - a)) {
    const shard = loads.indexOf(Math.min(...loads));
    loads[shard]! += cost;
    shardOf.set(owner, shard);
  }
  return shardOf;
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
