/** `palette import`: a model's folder from a checkpoint of the public PyTorch re-implementation. */
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { importNetwork } from "../interop/import-network.ts";
import { describeSchedule } from "../interop/schedules.ts";
import type { ModelConfig } from "../models/config.ts";
import { saveModel } from "../node/model-folder.ts";
import { tasks } from "../tasks/registry.ts";
import type { TaskName } from "../tasks/task.ts";
import { UsageError } from "../util/errors.ts";
import { counted } from "../util/format.ts";
import { listOf, wholeNumber } from "./arguments.ts";
import { say } from "./console.ts";
import { startProgress, whileWaiting } from "./progress.ts";

interface Flags {
  readonly out: string;
  readonly config?: string;
  readonly resolution?: number;
  readonly tasks?: string[];
  readonly json?: boolean;
}

/** Adds `palette import`. */
export function importCommand(program: Command): void {
  const names = tasks.map(({ name }) => name).join(",");
  program
    .command("import")
    .description(
      "Makes a model's folder from a checkpoint of the PyTorch Palette (N_Network.pth); no code in it is run.",
    )
    .argument(
      "<file>",
      "the checkpoint: .pth, safetensors with the same names, or what palette export wrote",
    )
    .requiredOption("-o, --out <folder>", "the model's folder, such as models/celebahq")
    .option("--config <file>", "its configuration, JSON with comments: head size, size, schedules")
    .option(
      "--resolution <pixels>",
      "side of the pictures it was trained on (default: the configuration's, or 256)",
      wholeNumber(1, 65536),
    )
    .option(
      "--tasks <names>",
      `${names}: what it was trained for (default: the configuration's, or inpaint)`,
      listOf,
    )
    .option("--json", "print one JSON document")
    .action(runImport);
}

async function runImport(file: string, flags: Flags): Promise<void> {
  const { out, config, resolution } = flags;
  const chosen = flags.tasks?.map(taskName);
  if (chosen?.length === 0) throw new UsageError("--tasks: name at least one task.");
  const progress = startProgress("Importing tensors", 1);
  const { model, notes } = await importNetwork(file, {
    config,
    resolution,
    tasks: chosen,
    name: basename(resolve(out)),
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.stop());
  await whileWaiting("Writing the model", saveModel(out, model));
  const parameters = model.parameters.length;
  if (flags.json) {
    say(JSON.stringify({ folder: out, parameters, ...model.config }, undefined, 2));
    return;
  }
  say(`${out}: ${describe(model.config, parameters)}`);
  for (const note of notes) say(`  ${note}`);
  say(`Use it: palette ${example(model.config)} --model ${out}`);
}

function taskName(text: string): TaskName {
  const found = tasks.find(({ name }) => name === text);
  if (found !== undefined) return found.name;
  const names = tasks.map(({ name }) => name).join(", ");
  throw new UsageError(`--tasks: there is no task "${text}"; the tasks are ${names}.`);
}

function describe(config: ModelConfig, parameters: number): string {
  const { network } = config;
  const { resolution, base, multipliers, blocks, headChannels } = network;
  return [
    `${counted(parameters)} parameters`,
    `${resolution}x${resolution} pixels`,
    `base ${base} x ${multipliers.join(",")}`,
    `${blocks} ${blocks === 1 ? "block" : "blocks"} a level`,
    `heads of ${headChannels}`,
    `for ${config.tasks.join(", ")}`,
    `training ${describeSchedule(config.trainingSchedule)}`,
    `inference ${describeSchedule(config.inferenceSchedule)}`,
  ].join("; ");
}

function example({ tasks: [task = "inpaint"] }: ModelConfig): string {
  return task === "inpaint" ? "inpaint photo.png --mask mask.png" : `${task} photo.png`;
}
