/**
 * Experiments under Node: several trainings and evaluations as one resumable thing. One job at a
 * time, with little memory; what is there is not made again.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileWeight } from "../data/weights.ts";
import { startingModels } from "../experiment/arms.ts";
import { Ledger, secondsFor } from "../experiment/estimate.ts";
import type { Measures } from "../experiment/metrics.ts";
import { chartsOf, studiesHtml, studiesMarkdown } from "../experiment/pages.ts";
import { planExperiment } from "../experiment/plan.ts";
import { type ExperimentPlan, type Job, trainingId } from "../experiment/planned.ts";
import { adoptStudy, type ExperimentRecords } from "../experiment/records.ts";
import { type ExperimentReport, type StudyReport, studyReports } from "../experiment/report.ts";
import type { Study } from "../experiment/study-file.ts";
import type { Device } from "../runtime/runtime.ts";
import type { WarmStart } from "../training/warm-start.ts";
import { quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { isInShard, type Shard } from "../util/shard.ts";
import { packageVersion } from "./evaluate.ts";
import { ExperimentFolder } from "./experiment-folder.ts";
import { JobRunner, type RunOptions } from "./experiment-jobs.ts";
import type { ChosenNetworks } from "./feature-networks.ts";
import { scanPhotoSets } from "./photo-folders.ts";
import { startWith } from "./starting-model.ts";

export interface ExperimentOptions {
  /** Folders of photos. */
  readonly data: readonly string[];
  readonly folderWeights?: Readonly<Record<string, number>>;
  readonly fileWeights?: readonly FileWeight[];
  /** The folder of the results, created or continued. */
  readonly out: string;
  readonly threads: number;
  readonly device?: Device;
  readonly networks: ChosenNetworks;
  /** Whole trainings, each with its measurements, are dealt out to so many processes. */
  readonly shard?: Shard;
  /** Takes analyses that were changed after results were there, and marks them. */
  readonly acceptChanges?: boolean;
}

export class Experiment {
  readonly plan: ExperimentPlan;
  readonly folder: ExperimentFolder;
  /** What was measured so far. */
  readonly ledger = new Ledger();
  private readonly options: ExperimentOptions;
  private readonly data: string;
  private readonly trainings = new Set<string>();
  private readonly measures = new Map<string, Measures>();
  private records: ExperimentRecords;
  private readonly runner: JobRunner;

  private constructor(
    plan: ExperimentPlan,
    folder: ExperimentFolder,
    options: ExperimentOptions,
    known: { readonly data: string; readonly records: ExperimentRecords },
  ) {
    this.plan = plan;
    this.folder = folder;
    this.options = options;
    this.data = known.data;
    this.records = known.records;
    this.runner = new JobRunner(folder, options);
  }

  /**
   * Plans the studies and looks at what is there; nothing is written.
   * @throws PaletteError when a study cannot be, or was changed after results were there.
   */
  static async open(studies: readonly Study[], options: ExperimentOptions): Promise<Experiment> {
    const folder = await ExperimentFolder.open(options.out);
    const { data, folderWeights, fileWeights, threads, shard, networks } = options;
    const photoSets = await scanPhotoSets(data, { records: true });
    const models = new Map<string, WarmStart>();
    for (const name of startingModels(studies)) models.set(name, await startWith(name));
    const plan = await planExperiment(studies, {
      ...{ photoSets, folders: data, models, threads },
      ...omitUndefined({ folderWeights, fileWeights, shards: shard?.of }),
      ...omitUndefined({ features: await networkKey(networks) }),
    });
    const names = photoSets.map(
      ({ name, photos }) => `${name} (${quantity(photos.length, "photo")})`,
    );
    const digest = photoSets.map((set) => set.digest).join("+");
    const words = `${names.join(", ")}, digest ${digest}`;
    const records = await folder.records();
    const experiment = new Experiment(plan, folder, options, { data: words, records });
    await experiment.look();
    experiment.adopt();
    return experiment;
  }

  /** Jobs that are not done, of this shard. */
  get missing(): Job[] {
    const { shard = { number: 1, of: 1 } } = this.options;
    return this.plan.jobs.filter((job) => isInShard(job.shard, shard) && !this.isDone(job));
  }

  /**
   * Computes what is missing and writes the pages. What others were at is looked at again once all
   * else is done.
   * @returns how many jobs others are still at, or wait for others
   * @throws the signal's reason when aborted; the same command goes on
   */
  async run(options: RunOptions = {}): Promise<number> {
    const { onLine } = options;
    await this.folder.writeRecords(this.records);
    const plans = this.missing.flatMap((job) => (job.kind === "training" ? job.training.plan : []));
    for (const note of new Set(plans.flatMap(({ notes }) => notes))) onLine?.(note);
    try {
      while ((await this.pass(this.missing, options)) > 0);
    } finally {
      await this.runner.dispose();
    }
    await this.writePages();
    return this.missing.length;
  }

  /** Does the jobs that no one else is at. @returns how many it has done */
  private async pass(jobs: readonly Job[], options: RunOptions): Promise<number> {
    const { signal, onLine } = options;
    let count = 0;
    for (const [k, job] of jobs.entries()) {
      signal?.throwIfAborted();
      if (this.isDone(job)) continue;
      const rest = secondsFor(
        jobs.slice(k).filter((one) => !this.isDone(one)),
        this.ledger,
      );
      const time = rest === undefined ? "" : `; about ${(rest / 3600).toFixed(1)} h left`;
      const label = job.kind === "training" ? job.training.label : job.set.label;
      const what = job.kind === "training" ? "train" : "measure";
      onLine?.(`[${k + 1}/${jobs.length}] ${what} ${label}${time}`);
      const done = await this.runner.run(job, options);
      // Others may be at work in this folder.
      await this.look();
      if (done) count++;
      if (done && this.completes(job)) await this.writePages();
    }
    return count;
  }

  /** What was found so far. */
  async report(): Promise<ExperimentReport> {
    const { features } = this.options.networks;
    const { calls, pictures } = this.ledger;
    return {
      format: "palette studies 1",
      version: await packageVersion(),
      data: this.data,
      ...(features && { features: features.manifest.title }),
      hours: {
        training: this.ledger.trainingSeconds / 3600,
        answering: (calls.seconds + pictures.seconds) / 3600,
      },
      studies: this.studies(),
    };
  }

  /** Writes report.json, studies.html, studies.md and the charts; gives their paths. */
  async writePages(): Promise<string[]> {
    await this.folder.writeRecords(this.records);
    const report = await this.report();
    const files: [string, string][] = [
      ["report.json", `${JSON.stringify(report, undefined, 1)}\n`],
      ["studies.html", studiesHtml(report)],
      ["studies.md", studiesMarkdown(report, { chart: (study) => `charts/${study}.svg` })],
      ...[...chartsOf(report)].map(([study, svg]): [string, string] => [
        `charts/${study}.svg`,
        svg,
      ]),
    ];
    for (const [name, content] of files) await this.folder.write(name, content);
    return files.map(([name]) => join(this.folder.path, name));
  }

  studies(): StudyReport[] {
    const { trainings, measures } = this;
    const changes = new Map(
      Object.entries(this.records.studies).map(([name, one]) => [name, one.changes]),
    );
    return studyReports(this.plan, { trainings, measures, changes });
  }

  /** Reads what was trained and measured. */
  private async look(): Promise<void> {
    for (const job of this.plan.jobs) {
      if (this.isDone(job)) continue;
      if (job.kind === "training") {
        const done = await this.folder.trainingDone(job.training);
        if (done === undefined) continue;
        this.trainings.add(trainingId(job.training));
        this.ledger.trained(job.training.plan.config.network, done.trained, done.seconds);
      } else {
        const found = await this.folder.measured(job.set);
        if (found === undefined) continue;
        this.measures.set(job.set.key, found.measures);
        const { calls, answering, pictures, measuring } = found.spent;
        this.ledger.called(calls, answering);
        this.ledger.measured(pictures, measuring);
      }
    }
  }

  private adopt(): void {
    const { acceptChanges = false } = this.options;
    const done = new Map(this.studies().map((study) => [study.name, study.done.sets]));
    for (const { study } of this.plan.studies) {
      const measured = done.get(study.name)!;
      this.records = adoptStudy(this.records, study, { measured, acceptChanges });
    }
  }

  private isDone(job: Job): boolean {
    return job.kind === "training"
      ? this.trainings.has(trainingId(job.training))
      : this.measures.has(job.set.key);
  }

  /** Whether a study has all its measurements now that this one is there. */
  private completes(job: Job): boolean {
    if (job.kind === "training") return false;
    return this.plan.studies.some(({ cells, degraded, originals }) => {
      const keys = [originals, ...degraded.values(), ...[...cells.values()].flat()];
      return keys.includes(job.set.key) && keys.every((key) => this.measures.has(key));
    });
  }
}

/** What the features of a picture depend on. */
async function networkKey({ features }: ChosenNetworks): Promise<string | undefined> {
  if (features === undefined) return undefined;
  const digest = createHash("sha256")
    .update(await readFile(features.path))
    .digest("hex");
  return `${features.manifest.name} ${digest}`;
}
