/** `palette evaluate`: how good models are, in the paper's terms. */
import { relative } from "node:path";
import type { EvaluationProgress } from "../evaluation/evaluate.ts";
import { evaluate, evaluateShard, planEvaluation, type ShardOutcome } from "../node/evaluate.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import type { SamplingPrecision } from "../runtime/runtime.ts";
import { UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { shardName } from "../util/shard.ts";
import type { EvaluateModelsFlags } from "./commands/evaluate.ts";
import { log, say } from "./console.ts";
import { evaluationText } from "./evaluation-text.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting } from "./progress.ts";
import { Watch } from "./watch.ts";

const stageLabels: Readonly<Record<EvaluationProgress["stage"], string>> = {
  pictures: "preparing pictures",
  loading: "loading a model",
  answers: "answering (network calls)",
  measures: "measuring",
};

/** Measures models and writes the report. */
export async function evaluateModels(options: EvaluateModelsFlags): Promise<void> {
  const { data, out, shard } = options;
  await claimFolder(out, folderKinds.evaluation);
  await interruptible(async (signal) => {
    const watch = new Watch();
    try {
      let listed = () => {};
      const listing = new Promise<void>((resolve) => {
        listed = resolve;
      });
      const planning = planEvaluation(
        {
          ...options,
          data,
          others: options.others?.map(otherAnswers),
          models: options.model ?? [],
          precisions: options.precision as SamplingPrecision[] | undefined,
        },
        (done, total) => {
          listed();
          watch.show("reading photos", done, total);
        },
      );
      await whileWaiting("Looking for photos", Promise.race([listing, planning]));
      const plan = await planning;
      for (const note of plan.notes) log(note);
      const how = {
        ...options,
        out,
        signal,
        onProgress: ({ stage, done, total }: EvaluationProgress) =>
          watch.show(stageLabels[stage], done, total),
      };
      const outcome = shard ? await evaluateShard(plan, shard, how) : await evaluate(plan, how);
      watch.stop();
      if ("missing" in outcome) {
        sayShard(outcome, options);
        return;
      }
      const { report, seconds, files } = outcome;
      if (options.json) {
        say(JSON.stringify(report));
        return;
      }
      say(evaluationText(report, seconds));
      for (const path of Object.values(files)) say(relative(".", path));
    } finally {
      watch.stop();
    }
  });
}

/** A shard is done, and others are not, or measure already. */
function sayShard(
  { missing, measuredBy }: ShardOutcome,
  { shard, out, json }: EvaluateModelsFlags,
): void {
  if (json) {
    say(JSON.stringify({ shard, missing }));
    return;
  }
  const name = shard ? shardName(shard) : "";
  log(
    measuredBy === undefined
      ? `shard ${name} is done; the report in ${out} waits for ${quantity(missing, "picture")} of others.`
      : `shard ${name} is done, and all pictures are there. ${measuredBy}`,
  );
}

/** "Telea=answers/telea" */
function otherAnswers(text: string): { name: string; folder: string } {
  const [, name, folder] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || folder === undefined)
    throw new UsageError(
      `Give --others a name and a folder, as Telea=answers/telea, not "${text}".`,
    );
  return { name, folder };
}
