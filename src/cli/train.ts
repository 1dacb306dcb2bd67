/** `palette train`: a model from folders of photos. */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { predictions } from "../diffusion/prediction.ts";
import { presetNames } from "../models/presets.ts";
import type { Loss } from "../nn/programs.ts";
import { tasks } from "../tasks/registry.ts";
import { trainingMemory } from "../training/memory.ts";
import { planTraining, type TrainingRequest } from "../training/plan.ts";
import { ProgressReporter } from "../training/report.ts";
import { imagesPerUpdate, losses, type RunConfig, weightings } from "../training/run-config.ts";
import { RunFolder } from "../training/run-folder.ts";
import { defaultIntervals, type TrainingOptions, train } from "../training/train.ts";

interface Options {
  data: string[];
  out: string;
  preset: string;
  tasks: string[];
  holdOut: string;
  loss: Loss;
  predict?: TrainingRequest["prediction"];
  weighting?: TrainingRequest["weighting"];
  regression: boolean;
  images?: number;
  hours?: number;
  batch?: number;
  accumulate: number;
  lr?: number;
  warmup?: number;
  ema?: number;
  clip?: number | null;
  seed: number;
  threads?: number;
  checkpointEvery: NonNullable<TrainingOptions["checkpointEvery"]>;
  statsEvery: number;
  heldOutEvery: number;
  samplesEvery: number;
  dryRun: boolean;
  json: boolean;
}

/** Adds `palette train`. */
export function trainCommand(program: Command): void {
  const names = tasks.map(({ name }) => name);
  const whole = numberFrom(1, { whole: true });
  program
    .command("train")
    .description(
      "Train a model on folders of photos. The same command again continues a run; Ctrl-C saves and stops.",
    )
    .optionsGroup("Data:")
    .requiredOption("--data <dir...>", "folders of photos of any size and format")
    .option("--tasks <names>", "tasks to learn, with commas", listOf, names)
    .option("--hold-out <rule>", "photos never trained on: every:N:K or none", "every:7:1")
    .optionsGroup("Run:")
    .requiredOption("--out <dir>", "run folder, created or continued")
    .option("--images <n>", "stop after so many images, of all sittings together", whole)
    .option("--hours <h>", "stop after so many hours, of all sittings together", numberFrom(0))
    .option("--seed <n>", "of all randomness", numberFrom(0, { whole: true }), 1)
    .option("--threads <n>", "threads to compute with (default: those of the run, or all)", whole)
    .optionsGroup("Network and objective:")
    .addOption(
      new Option("--preset <name>", "network and its settings")
        .choices(presetNames)
        .default("small-64"),
    )
    .addOption(new Option("--loss <p>", "error to minimise").choices(losses).default("l2"))
    .addOption(
      new Option("--predict <what>", "what the network predicts (default: the preset's)").choices(
        predictions,
      ),
    )
    .addOption(
      new Option(
        "--weighting <name>",
        "weight of the noise levels (default: the preset's)",
      ).choices(weightings),
    )
    .option("--regression", "train the paper's baseline: no noise, one network call", false)
    .optionsGroup("Optimizer (defaults: the preset's):")
    .option("--batch <n>", "images a gradient", whole)
    .option("--accumulate <n>", "gradients an update", whole, 1)
    .option("--lr <rate>", "Adam's learning rate", numberFrom(0, { above: true }))
    .option("--warmup <images>", "linear rise of the rate", numberFrom(0, { whole: true }))
    .option("--ema <decay>", "decay of the averaged weights an update, below 1", emaDecay)
    .option("--clip <norm>", "largest norm of the gradient, or none", clipNorm)
    .optionsGroup("Reports:")
    .option("--checkpoint-every <when>", "images, or minutes as 10min", interval, {
      minutes: 10,
    })
    .option("--stats-every <images>", "lines of stats.jsonl", whole, defaultIntervals.statsEvery)
    .option("--held-out-every <images>", "held-out losses", whole, defaultIntervals.heldOutEvery)
    .option("--samples-every <images>", "sheets of samples", whole, defaultIntervals.samplesEvery)
    .option("--dry-run", "print the resolved configuration and stop", false)
    .option("--json", "print the configuration or the outcome as JSON on stdout", false)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const known = await RunFolder.configIn(options.out);
  const plan = await planTraining({
    data: options.data,
    preset: options.preset,
    tasks: options.tasks,
    holdOut: options.holdOut,
    loss: options.loss,
    prediction: options.predict,
    weighting: options.weighting,
    regression: options.regression,
    batch: options.batch,
    accumulate: options.accumulate,
    learningRate: options.lr,
    warmUpImages: options.warmup,
    emaDecay: options.ema,
    clip: options.clip,
    seed: options.seed,
    threads: options.threads ?? known?.machine.threads ?? availableParallelism(),
  });
  if (options.dryRun) {
    process.stdout.write(`${options.json ? inJson(plan.config) : inWords(plan.config)}\n`);
    return;
  }
  const interrupt = new AbortController();
  const stopped = stopOnSignals(interrupt);
  const { images, hours } = options;
  const reporter = new ProgressReporter({ tasks: plan.config.tasks, images, hours });
  try {
    const { checkpointEvery, statsEvery, heldOutEvery, samplesEvery } = options;
    const outcome = await train(plan, {
      out: options.out,
      images,
      hours,
      checkpointEvery,
      statsEvery,
      heldOutEvery,
      samplesEvery,
      signal: interrupt.signal,
      reporter,
    });
    if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    if (outcome.end === "stopped" && stopped.by === "SIGINT") process.exitCode = 130;
  } finally {
    reporter.end();
    stopped.forget();
  }
}

/** The first Ctrl-C or SIGTERM saves and ends; the second one ends at once. */
function stopOnSignals(interrupt: AbortController): { by?: NodeJS.Signals; forget(): void } {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const state = {
    by: undefined as NodeJS.Signals | undefined,
    forget() {
      for (const signal of signals) process.off(signal, stop);
    },
  };
  const stop = (signal: NodeJS.Signals) => {
    state.by = signal;
    state.forget();
    process.stderr.write("\nstopping after this update; once more to stop without saving\n");
    interrupt.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  return state;
}

function inJson(config: RunConfig): string {
  const { parameters, bytes } = trainingMemory(config);
  return JSON.stringify({ ...config, parameters, memoryBytes: bytes }, undefined, 2);
}

function inWords(config: RunConfig): string {
  const { parameters, bytes } = trainingMemory(config);
  const { photos, machine } = config;
  const number = (value: number) => value.toLocaleString("en-US");
  const update = config.accumulate === 1 ? "" : ` x ${config.accumulate}`;
  const lines: [string, string][] = [
    ["preset", `${config.preset}, ${config.network.resolution}x${config.network.resolution}`],
    ["parameters", number(parameters)],
    ["memory", `about ${(bytes / 2 ** 30).toPrecision(2)} GiB`],
    ["photos", `${number(photos.training)} for training`],
    ["held out", `${number(photos.heldOut)} (${photos.holdOut})`],
    ["tasks", config.tasks.join(", ")],
    [
      "objective",
      config.regression
        ? `regression, ${config.loss}`
        : `${config.prediction}, ${config.loss}, ${config.weighting} weights`,
    ],
    ["batch", `${config.batch}${update} = ${number(imagesPerUpdate(config))} images an update`],
    ["learning rate", `${config.learningRate} after ${number(config.warmUpImages)} images`],
    ["EMA decay", String(config.emaDecay)],
    ["clip", config.clip === null ? "none" : `gradient norm ${config.clip}`],
    ["seed", String(config.seed)],
    ["threads", String(machine.threads)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${value}`).join("\n");
}

function listOf(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

function numberFrom(
  least: number,
  { whole = false, above = false }: { whole?: boolean; above?: boolean } = {},
): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const fits = above ? value > least : value >= least;
    if (!Number.isFinite(value) || !fits || (whole && !Number.isSafeInteger(value))) {
      const kind = whole ? "a whole number" : "a number";
      throw new InvalidArgumentError(`Give ${kind} ${above ? "above" : "of at least"} ${least}.`);
    }
    return value;
  };
}

function emaDecay(text: string): number {
  const value = numberFrom(0)(text);
  if (value >= 1) throw new InvalidArgumentError("Give a number of at least 0 and below 1.");
  return value;
}

function clipNorm(text: string): number | null {
  return text === "none" ? null : numberFrom(0, { above: true })(text);
}

/** "5000" is images, "10min" minutes. */
function interval(text: string): { minutes: number } | { images: number } {
  const minutes = /^(.+?)\s*min(utes?)?$/.exec(text)?.[1];
  return minutes === undefined
    ? { images: numberFrom(1, { whole: true })(text) }
    : { minutes: numberFrom(0, { above: true })(minutes) };
}
