/** `palette evaluate`: how good models are, in the paper's terms. */
import { relative } from "node:path";
import {
  compareFolders,
  type FoldersComparison,
  type FoldersProgress,
} from "../evaluation/compare-folders.ts";
import { type EvaluationProgress, evaluate } from "../evaluation/evaluate.ts";
import { planEvaluation } from "../evaluation/plan.ts";
import { UsageError } from "../util/errors.ts";
import type { EvaluateFlags, EvaluateModelsFlags } from "./commands/evaluate.ts";
import { log, say } from "./console.ts";
import { evaluationText } from "./evaluation-text.ts";
import { interruptible } from "./interrupt.ts";
import { type Progress, startProgress, whileWaiting } from "./progress.ts";

const stageLabels: Readonly<Record<EvaluationProgress["stage"], string>> = {
  pictures: "preparing pictures",
  loading: "loading a model",
  answers: "answering (network calls)",
  measures: "measuring",
};

/** Measures models and writes the report. */
export async function evaluateModels(options: EvaluateModelsFlags): Promise<void> {
  const { data, out } = options;
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
        },
        (done, total) => {
          listed();
          watch.show("reading photos", done, total);
        },
      );
      await whileWaiting("Looking for photos", Promise.race([listing, planning]));
      const plan = await planning;
      for (const note of plan.notes) log(note);
      const { report, seconds, files } = await evaluate(plan, {
        ...options,
        out,
        signal,
        onProgress: ({ stage, done, total }: EvaluationProgress) =>
          watch.show(stageLabels[stage], done, total),
      });
      watch.stop();
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

const folderLabels: Readonly<Record<FoldersProgress["stage"], string>> = {
  pictures: "looking at pictures",
  kid: "computing KID",
  fid: "computing FID",
};

/** Compares two folders of pictures. */
export async function compareTwoFolders(
  a: string,
  b: string,
  options: EvaluateFlags,
): Promise<void> {
  await interruptible(async (signal) => {
    const watch = new Watch();
    let many = false;
    try {
      const result = await compareFolders(a, b, {
        ...options,
        signal,
        onProgress: ({ stage, done, total }) => {
          if (stage === "pictures") many = total > 1000;
          if (stage === "fid" && done === 0 && many) {
            watch.stop();
            log("Computing FID: for up to a minute nothing will move.");
          }
          watch.show(folderLabels[stage], done, total);
        },
      });
      watch.stop();
      say(options.json ? JSON.stringify(result) : comparisonText(result));
    } finally {
      watch.stop();
    }
  });
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

function comparisonText({ images, fid, kid, is, pd, network }: FoldersComparison): string {
  const lines: [string, string][] = [
    ["images", images.join(", ")],
    ["network", `${network.title}, ${network.input}`],
    ["FID", fid.toPrecision(6)],
    ["KID", kid.toPrecision(6)],
  ];
  if (is) lines.push(["IS", is.map((value) => value.toPrecision(6)).join(", ")]);
  lines.push(["PD", pd?.toPrecision(6) ?? "- (the folders' pictures have different names)"]);
  return lines.map(([name, value]) => `${name.padEnd(9)}${value}`).join("\n");
}

/** One progress after the other on the same line. */
class Watch {
  private progress: Progress | undefined;
  private label = "";

  show(label: string, done: number, total: number): void {
    if (label !== this.label) {
      this.stop();
      this.label = label;
      this.progress = startProgress(label, total);
    }
    this.progress?.update(done);
  }

  stop(): void {
    this.progress?.stop();
    this.progress = undefined;
    this.label = "";
  }
}
