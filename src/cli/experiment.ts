/** `palette experiment`: studies of several trainings and evaluations. */
import { availableParallelism } from "node:os";
import { delimiter, relative } from "node:path";
import { secondsFor } from "../experiment/estimate.ts";
import { callsOf, type Job } from "../experiment/planned.ts";
import { Experiment } from "../node/experiment.ts";
import { measureRates } from "../node/experiment-rates.ts";
import { chooseNetworks } from "../node/feature-networks.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import { readStudy } from "../node/read-study.ts";
import { UsageError } from "../util/errors.ts";
import { counted, duration, quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { ExperimentFlags } from "./commands/experiment.ts";
import { log, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting } from "./progress.ts";
import { readWeights, weightedFolders } from "./train.ts";
import { Watch } from "./watch.ts";

/** Computes what is missing of the studies and writes their page. */
export async function runExperiment(
  files: readonly string[],
  flags: ExperimentFlags,
): Promise<void> {
  await claimFolder(flags.out, folderKinds.experiment);
  const studies = [];
  for (const file of files) studies.push(await readStudy(file, flags.small));
  const experiment = await whileWaiting("Looking for photos", open(studies, flags));
  if (flags.dryRun) return dryRun(experiment, flags);
  if (!flags.onlyReport) await compute(experiment);
  const paths = await experiment.writePages();
  if (flags.json) {
    say(JSON.stringify(await experiment.report()));
    return;
  }
  for (const { title, sentence } of experiment.studies()) say(`${title}: ${sentence}`);
  for (const path of paths.slice(0, 3)) say(relative(".", path));
}

async function open(studies: Parameters<typeof Experiment.open>[0], flags: ExperimentFlags) {
  const { out, weights, shard, acceptChanges, nets, features } = flags;
  const data = flags.data ?? (process.env.PALETTE_DATA ?? "").split(delimiter).filter(Boolean);
  if (data.length === 0) {
    throw new UsageError("Name folders of photos with --data, or in $PALETTE_DATA.");
  }
  const folders = await weightedFolders(data);
  return Experiment.open(studies, {
    ...{ out, device: flags.device, threads: flags.threads ?? availableParallelism() },
    data: folders.map(({ folder }) => folder),
    folderWeights: Object.fromEntries(folders.map(({ folder, weight }) => [folder, weight])),
    ...(weights !== undefined && { fileWeights: await readWeights(weights) }),
    networks: await chooseNetworks(omitUndefined({ nets, features })),
    ...omitUndefined({ shard, acceptChanges }),
  });
}

async function compute(experiment: Experiment): Promise<void> {
  const watch = new Watch();
  try {
    await interruptible(async (signal) => {
      const left = await experiment.run({
        signal,
        onLine(line) {
          watch.stop();
          log(line);
        },
        onProgress: ({ what, done, total }) => watch.show(what, done, total),
      });
      watch.stop();
      if (left > 0) {
        log(
          `${quantity(left, "job")} left to other processes: the same command sees what they did.`,
        );
      }
    });
  } finally {
    watch.stop();
  }
}

async function dryRun(experiment: Experiment, flags: ExperimentFlags): Promise<void> {
  const { missing, plan } = experiment;
  for (const { study, trainings, cells, arms } of plan.studies) {
    const sets = [...cells.values()].flat().length;
    say(
      `${study.name}: ${quantity(arms.length, "arm")}, ${quantity(study.seeds.length, "seed")}, ${quantity(trainings.length, "training")}, ${quantity(sets, "set")} of ${counted(study.evaluate.crops)} answers`,
    );
  }
  const { threads = availableParallelism(), device, nets, features } = flags;
  const networks = await chooseNetworks(omitUndefined({ nets, features }));
  const measuring = measureRates(missing, { threads, device, networks });
  const rates = await whileWaiting("Measuring this machine", measuring);
  const of = (kind: Job["kind"]) => missing.filter((job) => job.kind === kind);
  const hours = (jobs: readonly Job[]) => ((secondsFor(jobs, rates) ?? 0) / 3600).toFixed(1);
  const images = of("training").reduce(
    (sum, job) => sum + (job.kind === "training" ? job.training.images : 0),
    0,
  );
  const calls = of("set").reduce(
    (sum, job) => sum + (job.kind === "set" ? callsOf(job.set) : 0),
    0,
  );
  say(
    `missing: ${quantity(of("training").length, "training")} of ${counted(images)} images, about ${hours(of("training"))} h`,
  );
  say(
    `missing: ${quantity(of("set").length, "set")} of ${counted(calls)} network calls, about ${hours(of("set"))} h`,
  );
  let sum = 0;
  for (const [k, job] of missing.entries()) {
    sum += secondsFor([job], rates) ?? 0;
    const finished = plan.studies.filter((one) => finishes(one, missing, k));
    for (const { study } of finished) say(`after ${duration(sum)}: ${study.name}`);
  }
}

/** Whether a job is the last of a study. */
function finishes(
  { cells, degraded, originals }: Experiment["plan"]["studies"][number],
  jobs: readonly Job[],
  at: number,
): boolean {
  const keys = new Set([originals, ...degraded.values(), ...[...cells.values()].flat()]);
  return jobs.findLastIndex((job) => job.kind === "set" && keys.has(job.set.key)) === at;
}
