/** `palette import`: a model's folder from a checkpoint of the public PyTorch re-implementation. */
import { basename, resolve } from "node:path";
import { importNetwork } from "../interop/import-network.ts";
import { describeSchedule } from "../interop/schedules.ts";
import type { ModelConfig } from "../models/config.ts";
import { isUNet, type UNetConfig } from "../nn/config.ts";
import { saveMadeModel } from "../node/made-model.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import { type TaskName, taskNamed } from "../tasks/registry.ts";
import { counted, quantity } from "../util/format.ts";
import type { ImportFlags } from "./commands/import.ts";
import { say } from "./console.ts";
import { startProgress, whileWaiting } from "./progress.ts";

export async function importCheckpoint(file: string, flags: ImportFlags): Promise<void> {
  const { out, config, resolution, weights, force } = flags;
  const inputs = config === undefined ? [file] : [file, config];
  await claimFolder(out, folderKinds.importedModel, { inputs, force });
  const progress = startProgress("Importing tensors", 1);
  const { model, notes } = await importNetwork(file, {
    config,
    resolution,
    weights,
    tasks: flags.tasks?.map((name) => taskNamed(name).name as TaskName),
    name: basename(resolve(out)),
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.stop());
  // What lets another import replace the folder.
  const marked = { ...model, config: { ...model.config, imported: basename(file) } };
  await whileWaiting("Writing the model", saveMadeModel(out, marked, "importing"));
  const parameters = model.parameters.length;
  if (flags.json) {
    say(JSON.stringify({ folder: out, parameters, ...model.config }, undefined, 2));
    return;
  }
  say(`${out}: ${describe(model.config, parameters)}`);
  for (const note of notes) say(`  ${note}`);
  say(`Use it: palette ${example(model.config)} --model ${out}`);
}

function describe(config: ModelConfig, parameters: number): string {
  const { network } = config;
  const { resolution } = network;
  return [
    `${counted(parameters)} parameters`,
    `${resolution}x${resolution} pixels`,
    ...(isUNet(network) ? uNetWords(network) : [network.type]),
    `for ${config.tasks.join(", ")}`,
    `training ${describeSchedule(config.trainingSchedule)}`,
    `inference ${describeSchedule(config.inferenceSchedule)}`,
  ].join("; ");
}

function example({ tasks: [task = "inpaint"] }: ModelConfig): string {
  return task === "inpaint" ? "inpaint photo.png --mask mask.png" : `${task} photo.png`;
}

function uNetWords({ base, multipliers, blocks, headChannels }: UNetConfig): string[] {
  return [
    `base ${base} x ${multipliers.join(",")}`,
    `${quantity(blocks, "block")} a level`,
    `heads of ${headChannels}`,
  ];
}
