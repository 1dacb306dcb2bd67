/**
 * From studies to what must be computed: trainings, each made once whoever asks for it, and the
 * sets of answers that are measured.
 */
import { splitHoldOut } from "../data/hold-out.ts";
import type { PhotoSet } from "../data/photo-reader.ts";
import type { FileWeight } from "../data/weights.ts";
import {
  type EvaluationCondition,
  evaluationConditions,
} from "../evaluation/protocol/conditions.ts";
import {
  isOwnWay,
  parseSampling,
  type Sampling,
  samplingIn,
  samplingName,
  samplingOf,
} from "../evaluation/protocol/sampler-settings.ts";
import { registeredTasks } from "../tasks/registry.ts";
import { resolvePlan, type TrainingPlan } from "../training/plan.ts";
import { trainedModel } from "../training/run-config.ts";
import type { WarmStart } from "../training/warm-start.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { sha256 } from "../util/sha256.ts";
import { type Arm, armsOf, trainingSettings } from "./arms.ts";
import { jobsInOrder } from "./jobs.ts";
import {
  cellKey,
  type ExperimentPlan,
  type PlannedSet,
  type PlannedStudy,
  type PlannedTraining,
  type Protocol,
  trainingId,
} from "./planned.ts";
import type { Comparison, Study } from "./study-file.ts";

export interface ExperimentInputs {
  /** Sorted by their digests. */
  readonly photoSets: readonly PhotoSet[];
  readonly folders: readonly string[];
  readonly folderWeights?: Readonly<Record<string, number>>;
  readonly fileWeights?: readonly FileWeight[];
  /** The models that trainings begin with, by their names in the studies. */
  readonly models?: ReadonlyMap<string, WarmStart>;
  readonly threads: number;
  /** What the features depend on besides the pictures; undefined without a feature network. */
  readonly features?: string;
  readonly shards?: number;
}

/** @throws PaletteError naming the study, for arms, tasks and claims that cannot be. */
export async function planExperiment(
  studies: readonly Study[],
  inputs: ExperimentInputs,
): Promise<ExperimentPlan> {
  const names = studies.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) {
    throw new PaletteError(`Two of the studies are called ${twice}: give each a name of its own.`);
  }
  const planner = new Planner(inputs);
  const planned: PlannedStudy[] = [];
  for (const study of studies) {
    planned.push(
      await planner.add(study).catch((thrown) => {
        throw new PaletteError(`The study ${study.name}: ${reasonOf(thrown)}.`, { cause: thrown });
      }),
    );
  }
  const jobs = jobsInOrder(planned, planner, inputs.shards);
  return { studies: planned, jobs, sets: planner.sets };
}

class Planner {
  readonly sets = new Map<string, PlannedSet>();
  readonly trainings = new Map<string, PlannedTraining>();
  private readonly inputs: ExperimentInputs;

  constructor(inputs: ExperimentInputs) {
    this.inputs = inputs;
  }

  async add(study: Study): Promise<PlannedStudy> {
    const arms = armsOf(study);
    const conditions = conditionsOf(study);
    const resolved: { arm: Arm; trainings: PlannedTraining[] }[] = [];
    for (const arm of arms) {
      const trainings: PlannedTraining[] = [];
      for (const seed of study.seeds) trainings.push(await this.training(study, arm, seed));
      resolved.push({ arm, trainings });
    }
    const protocol = await this.protocol(study, resolved[0]!.trainings[0]!.plan);
    const originals = await this.set(study, {
      label: "originals",
      source: "originals",
      protocol,
      samples: 1,
    });
    const degraded = new Map<string, string>();
    for (const condition of conditions) {
      const label = `degraded, ${condition.id}`;
      const set = { label, source: "degraded", protocol, condition, samples: 1 } as const;
      degraded.set(condition.id, await this.set(study, set));
    }
    const cells = new Map<string, readonly string[]>();
    for (const { arm, trainings } of resolved) {
      for (const condition of conditions) {
        const { config } = trainings[0]!.plan;
        if (!config.tasks.includes(condition.task.name)) continue;
        if (config.network.resolution !== protocol.resolution) {
          throw new PaletteError(
            `${arm.name} sees ${config.network.resolution} pixels a side, others ${protocol.resolution}: compare networks of one size`,
          );
        }
        const keys: string[] = [];
        for (const [k, training] of trainings.entries()) {
          keys.push(
            await this.set(study, {
              label: `${arm.name}, seed ${study.seeds[k]}, ${condition.id}`,
              ...{ source: training, protocol, condition },
              ...samplingFor(study, arm, training, condition),
              samples: config.objective.regression ? 1 : study.evaluate.samples,
            }),
          );
        }
        cells.set(cellKey(arm.name, condition.id), keys);
      }
    }
    for (const comparison of [...study.claims, ...study.shown]) {
      checkComparison(comparison, arms, conditions, cells);
    }
    const trainings = resolved.flatMap((one) => one.trainings.map(trainingId));
    return {
      ...{ study, protocol, arms, conditions, cells, degraded, originals },
      trainings: [...new Set(trainings)],
    };
  }

  private async training(study: Study, arm: Arm, seed: number): Promise<PlannedTraining> {
    const { photoSets, folders, folderWeights, fileWeights, models, threads } = this.inputs;
    const settings = trainingSettings(arm, {
      ...{ folderWeights, fileWeights, threads, seed },
      holdOut: study.evaluate.holdOut,
    });
    const { from: named } = arm.settings;
    const from = named === undefined ? undefined : models?.get(named);
    if (named !== undefined && from === undefined) {
      throw new PaletteError(`it begins with the model ${named}, which was not given`);
    }
    const plan = resolvePlan(settings, { sets: photoSets, folders, ...omitUndefined({ from }) });
    const { machine: _, ...identity } = plan.config;
    const key = (await sha256(JSON.stringify(identity))).slice(0, 12);
    const label = `${study.name}: ${arm.name}, seed ${seed}`;
    const training = { key, images: arm.settings.images, plan, label };
    const known = this.trainings.get(trainingId(training));
    if (known === undefined) this.trainings.set(trainingId(training), training);
    return known ?? training;
  }

  private async protocol({ evaluate }: Study, { config }: TrainingPlan): Promise<Protocol> {
    const { crops, referenceCrops, cropScale, seed, replicates, holdOut } = evaluate;
    const sets = this.inputs.photoSets;
    const { heldOut } = splitHoldOut(
      sets.map(({ photos }) => photos),
      holdOut,
    );
    if (heldOut.length < 2) {
      throw new PaletteError(
        `the rule ${holdOut} holds out ${heldOut.length} of these photos, and intervals need at least 2: give more photos`,
      );
    }
    const { resolution } = config.network;
    const { features = "none" } = this.inputs;
    const digests = sets.map(({ digest }) => digest);
    const identity = {
      ...{ crops, referenceCrops, cropScale, seed, replicates, holdOut },
      digests,
    };
    const key = await sha256(JSON.stringify({ ...identity, resolution, features }));
    return {
      key: key.slice(0, 12),
      photos: heldOut,
      ...{ resolution, cropScale, crops, referenceCrops, seed, replicates },
    };
  }

  /** The key of a set; what two studies want of it is measured together. */
  private async set(study: Study, set: Omit<PlannedSet, "key" | "fid">): Promise<string> {
    const { protocol, source, condition, sampling } = set;
    const of = typeof source === "string" ? source : trainingId(source);
    const how = sampling && samplingName(sampling);
    const key = (await sha256(JSON.stringify([protocol.key, of, condition?.id, how]))).slice(0, 16);
    const known = this.sets.get(key);
    this.sets.set(key, {
      ...(known ?? { ...set, key, label: `${study.name}: ${set.label}` }),
      samples: Math.max(set.samples, known?.samples ?? 1),
      fid: study.evaluate.fid || (known?.fid ?? false),
    });
    return key;
  }
}

/** How an arm answers in a condition; the Regression baseline in one network call. */
function samplingFor(
  { evaluate }: Study,
  { name: arm, settings }: Arm,
  { plan }: PlannedTraining,
  condition: EvaluationCondition,
): { sampling?: Sampling } {
  if (plan.config.objective.regression) return {};
  const model = trainedModel(plan.config, { images: 0, steps: 0 });
  const sampler = settings.sampler ?? evaluate.sampler;
  const steps = settings.steps ?? evaluate.steps;
  if (isOwnWay(steps)) {
    if (sampler === undefined) return { sampling: samplingIn(condition, steps, model) };
    throw new PaletteError(
      `${arm} has a sampler and steps: ${steps}, which need none: leave out one`,
    );
  }
  const [name, ...words] = (sampler ?? "").split(":");
  const wish = [...(name ? [name] : []), steps, ...words].join(":");
  return { sampling: samplingOf(parseSampling(wish), model.sampler) };
}

function conditionsOf({ evaluate: { tasks, variants = {} } }: Study): EvaluationCondition[] {
  const known = registeredTasks().flatMap(({ variants }) => variants?.name ?? []);
  const unknown = Object.keys(variants).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new PaletteError(
      `evaluate.variants: there is no ${unknown}; there are ${known.join(", ")}`,
    );
  }
  return evaluationConditions({ tasks, variants });
}

function checkComparison(
  { says, of, against, on }: Comparison,
  arms: readonly Arm[],
  conditions: readonly EvaluationCondition[],
  cells: PlannedStudy["cells"],
): void {
  const names = arms.map(({ name }) => name);
  for (const name of [of, against]) {
    if (!names.includes(name)) {
      throw new PaletteError(
        `"${says}": there is no arm "${name}"; the arms are ${names.join(" | ")}`,
      );
    }
  }
  const both = conditions
    .map(({ id }) => id)
    .filter((id) => [of, against].every((arm) => cells.has(cellKey(arm, id))));
  const missing = on?.find((id) => !both.includes(id));
  if (missing !== undefined || both.length === 0) {
    throw new PaletteError(
      `"${says}": ${missing === undefined ? "no condition is" : `${missing} is not`} answered by both arms; ${both.join(", ") || "none"} would be`,
    );
  }
}
