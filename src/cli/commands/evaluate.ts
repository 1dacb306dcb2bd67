/** The options of `palette evaluate`. */

import { type Command, Option } from "commander";
import { type CropScale, cropScales } from "../../data/crop-scale.ts";
import type { VariantChoice } from "../../evaluation/protocol/conditions.ts";
import { type CropKind, cropKinds } from "../../evaluation/protocol/crops.ts";
import { suffixes } from "../../evaluation/protocol/sampler-settings.ts";
import { type Device, samplingPrecisions } from "../../runtime/runtime.ts";
import { tasks } from "../../tasks/registry.ts";
import type { Task } from "../../tasks/task.ts";
import { UsageError } from "../../util/errors.ts";
import type { Shard } from "../../util/shard.ts";
import {
  deviceOption,
  listAmong,
  listOf,
  numberBetween,
  shardOption,
  threadsOption,
  wholeNumber,
} from "../arguments.ts";

export interface EvaluateFlags {
  model?: string[];
  data?: string[];
  others?: string[];
  out?: string;
  tasks?: string[];
  /** Values of the tasks' parameters, by name: masks, sides, qualities, factors. */
  variants: VariantChoice;
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
  precision?: string[];
  json?: boolean;
  shard?: Shard;
}

/** The options once the required ones are checked. */
export interface EvaluateModelsFlags extends EvaluateFlags {
  data: string[];
  out: string;
}

export function declareEvaluate(command: Command): void {
  const names = tasks.map(({ name }) => name);
  const whole = wholeNumber(1);
  command
    .optionsGroup("What is evaluated:")
    .option(
      "--model <name...>",
      "models, also of the Regression baseline (default: the bundled model)",
    )
    .option("--data <dir...>", "folders of photos, or tar shards, that the models have not seen")
    .option(
      "--others <name=dir...>",
      "what other programs made of the degraded pictures: DIR/CONDITION/00001.png, named as in pictures/CONDITION/degraded (and mask) of an earlier run",
    )
    .option(
      "--hold-out <rule>",
      "of these photos only the held-out ones: every:N:K or none (default: as in training if a model was trained on these photos, else none)",
    )
    .option(
      "--tasks <names>",
      `${names.join(",")} (default: those of the models)`,
      listAmong("task", names),
    );
  for (const option of variantOptions(tasks)) command.addOption(option);
  command
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
        `steps of the model's own sampler, or sampler:steps, and then any of ${suffixes()}; or own, each task as the model's config.json says, or mean, the posterior mean; the first gives the pictures shown`,
        ["20"],
      ),
    )
    .option("--samples <n>", "answers to each picture, for diversity", whole, 2)
    .option("--seed <n>", "of all randomness", wholeNumber(0), 1)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option(
      "--precision <list>",
      `${samplingPrecisions.join(",")}: of each model; int8 needs palette calibrate (default: float32)`,
      listAmong("precision", samplingPrecisions),
    )
    .optionsGroup("How they are measured:")
    .option("--nets <dir>", "folder of feature networks (see palette features)")
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
    .addOption(
      shardOption("makes a part of the pictures; the last to finish, or no --shard, measures"),
    )
    .option("--json", "print the report as JSON on stdout")
    .action((flags: EvaluateFlags) => {
      refuseIdle(command, flags);
      return evaluate({ ...flags, variants: variantsIn(flags) });
    });
}

/** @throws UsageError for the parameter of a task that is not evaluated. */
function refuseIdle(command: Command, { tasks: wanted }: EvaluateFlags): void {
  for (const { name, variants } of tasks as readonly Task[]) {
    if (variants === undefined || wanted === undefined || wanted.includes(name)) continue;
    if (command.getOptionValueSource(variants.name) === "cli") {
      throw new UsageError(
        `--${variants.name} is of ${name}, which --tasks leaves out: name that task too, or leave the option out.`,
      );
    }
  }
}

async function evaluate(flags: EvaluateFlags): Promise<void> {
  const { data, out } = flags;
  if (data === undefined) throw new UsageError("Name the photos with --data DIR.");
  if (out === undefined) throw new UsageError("Name a folder for the report with -o DIR.");
  await (await import("../evaluate.ts")).evaluateModels({ ...flags, data, out });
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

/** An option for each parameter that a task varies. */
export function variantOptions(among: readonly Task[]): Option[] {
  return among.flatMap(({ variants }) => {
    if (variants === undefined) return [];
    const { name, value, description, kind, defaults } = variants;
    if (kind === "text") return [listOption(`--${name} <${value}>`, description, defaults)];
    const parse = kind.whole
      ? wholeNumber(kind.least, kind.most)
      : numberBetween(kind.least, kind.most);
    return [
      listOption(`--${name} <${value}>`, description, defaults, (text) => listOf(text).map(parse)),
    ];
  });
}

/** The values of those options. */
export function variantsIn(flags: object): VariantChoice {
  const given = new Map<string, unknown>(Object.entries(flags));
  return Object.fromEntries(
    tasks.flatMap(({ variants }: Task) =>
      variants ? [[variants.name, given.get(variants.name) as (string | number)[]]] : [],
    ),
  );
}
