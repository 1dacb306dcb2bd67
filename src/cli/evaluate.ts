/** `palette evaluate`: how good models are, in the paper's terms. */
import { relative } from "node:path";
import { type Command, Option } from "commander";
import { type CropScale, cropScales } from "../data/crop-scale.ts";
import {
  compareFolders,
  type FoldersComparison,
  type FoldersProgress,
} from "../evaluation/compare-folders.ts";
import { paperConditions } from "../evaluation/conditions.ts";
import { type CropKind, cropKinds } from "../evaluation/crops.ts";
import { type EvaluationProgress, evaluate } from "../evaluation/evaluate.ts";
import { planEvaluation } from "../evaluation/plan.ts";
import type { Device } from "../runtime/runtime.ts";
import { tasks } from "../tasks/registry.ts";
import { UsageError } from "../util/errors.ts";
import { deviceOption, listOf, numberBetween, threadsOption, wholeNumber } from "./arguments.ts";
import { log, say } from "./console.ts";
import { evaluationText } from "./evaluation-text.ts";
import { interruptible } from "./interrupt.ts";
import { type Progress, startProgress, whileWaiting } from "./progress.ts";

interface Options {
  model?: string[];
  data?: string[];
  others?: string[];
  out?: string;
  folders?: string[];
  tasks?: string[];
  masks: string[];
  sides: string[];
  qualities: number[];
  factors: number[];
  steps: string[];
  crop: CropKind;
  cropScale?: CropScale;
  crops?: number;
  referenceCrops?: number;
  holdOut?: string;
  samples: number;
  seed: number;
  replicates: number;
  nets?: string;
  features?: string;
  classifier?: string;
  device: Device;
  threads?: number;
  json?: boolean;
}

/** Adds `palette evaluate`. */
export function evaluateCommand(program: Command): void {
  const names = tasks.map(({ name }) => name);
  const whole = wholeNumber(1);
  program
    .command("evaluate")
    .description(
      "Measure models as the paper does: FID, KID, IS, CA, PD and diversity, with tables, pictures and charts. The same command again continues; with more models, steps or tasks it computes only what is new.",
    )
    .optionsGroup("What is evaluated:")
    .option(
      "--model <name...>",
      "models, also of the Regression baseline (default: the bundled model)",
    )
    .option("--data <dir...>", "folders of photos that the models have not seen")
    .option(
      "--others <name=dir...>",
      "what other programs made of the degraded pictures: DIR/CONDITION/00001.png, named as in pictures/CONDITION/degraded (and mask) of an earlier run",
    )
    .option(
      "--hold-out <rule>",
      "of these photos only the held-out ones: every:N:K or none (default: as in training if a model was trained on these photos, else none)",
    )
    .option("--tasks <names>", `${names.join(",")} (default: those of the models)`, listOf)
    .addOption(listOption("--masks <kinds>", "holes to inpaint", paperConditions.masks))
    .addOption(listOption("--sides <names>", "sides to uncrop", paperConditions.sides))
    .addOption(
      listOption("--qualities <list>", "JPEG qualities", paperConditions.qualities, qualities),
    )
    .addOption(
      listOption(
        "--factors <list>",
        "how many times pictures to sharpen were shrunk",
        paperConditions.factors,
        (text) => listOf(text).map(numberBetween(1, 16)),
      ),
    )
    .addOption(
      new Option("--crop <kind>", "random squares, or one centred square a photo")
        .choices(cropKinds)
        .default("random"),
    )
    .addOption(
      new Option(
        "--crop-scale <from..to>",
        "which part of a photo random squares show: its own pixels or half of it, to all of it (default: half..full)",
      ).choices(cropScales),
    )
    .option("--crops <n>", "pictures a condition (default: 500, or one a photo)", whole)
    .option("--reference-crops <n>", "pictures FID compares with (default: 4 times --crops)", whole)
    .optionsGroup("How answers are drawn:")
    .addOption(
      listOption(
        "--steps <list>",
        "steps in the model's own way, or sampler:steps, and then :logsnr or :time, :below, :eta=1, :sigma-min=0.05; the first gives the pictures shown",
        ["20"],
      ),
    )
    .option("--samples <n>", "answers to each picture, for diversity", whole, 2)
    .option("--seed <n>", "of all randomness", wholeNumber(0), 1)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .optionsGroup("How they are measured:")
    .option("--nets <dir>", "folder of feature networks (see palette nets)")
    .option("--features <name>", "network for FID, KID, IS and PD (default: googlenet)")
    .option("--classifier <name>", "network for CA (default: mobilenet_v2)")
    .option(
      "--replicates <n>",
      "resamples of the photos for intervals, 0 for none",
      wholeNumber(0),
      50,
    )
    .optionsGroup("Results:")
    .option("-o, --out <dir>", "folder of the report, created or continued")
    .option("--folders <dirs...>", "only compare two folders of pictures: FID, KID, IS, PD")
    .option("--json", "print the report as JSON on stdout")
    .action(run);
}

const stageLabels: Readonly<Record<EvaluationProgress["stage"], string>> = {
  pictures: "preparing pictures",
  loading: "loading a model",
  answers: "answering (network calls)",
  measures: "measuring",
};

async function run(options: Options): Promise<void> {
  if (options.folders !== undefined) return runFolders(options.folders, options);
  const { data, out } = options;
  if (data === undefined) throw new UsageError("Name the photos with --data DIR.");
  if (out === undefined) throw new UsageError("Name a folder for the report with -o DIR.");
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

async function runFolders(folders: readonly string[], options: Options): Promise<void> {
  const [a, b, ...more] = folders;
  if (a === undefined || b === undefined || more.length > 0) {
    throw new UsageError("--folders takes two folders: --folders A B.");
  }
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

/** A list with commas, its default written in the same way. */
function listOption(
  flags: string,
  description: string,
  values: readonly (string | number)[],
  parse: (text: string) => readonly (string | number)[] = listOf,
): Option {
  return new Option(flags, description).argParser(parse).default([...values], values.join(","));
}

function qualities(text: string): number[] {
  return listOf(text).map(wholeNumber(1, 100));
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
