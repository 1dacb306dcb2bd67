/** The studio's tasks as the library's: their names, options, steps, and the size of answers. */
import { samplers } from "../../diffusion/samplers/registry.ts";
import type { Size } from "../../image/model-size.ts";
import type { ModelConfig } from "../../models/config.ts";
import { panoramaSize } from "../../pipeline/panorama.ts";
import { ownSteps, samplingDefaults } from "../../pipeline/sampling-options.ts";
import { type TaskName, taskNamed } from "../../tasks/registry.ts";
import type { StudioModel, StudioOptions, StudioTask } from "../web/restorer.ts";

/** The library's names of the tasks. */
export const taskNames: Readonly<Record<Exclude<StudioTask, "panorama">, TaskName>> = {
  colorize: "colorize",
  inpaint: "inpaint",
  uncrop: "uncrop",
  dejpeg: "dejpeg",
  upscale: "sharpen",
};

const defaultWiden = 3;
const defaultScale = 2;

/** A model as the studio lists it. */
export function studioModelOf(config: ModelConfig): StudioModel {
  const own = config.sampler?.sampler ?? "dpm++";
  const others = samplers.map(({ name }) => name).filter((name) => name !== own);
  return {
    name: config.name,
    resolution: config.network.resolution,
    tasks: studioTasksOf(config.tasks),
    steps: stepsByTask(config),
    samplers: [own, ...others],
  };
}

/** The tasks of a model, as the studio names them. */
function studioTasksOf(trainedFor: readonly string[]): StudioTask[] {
  const named = Object.entries(taskNames) as [StudioTask, TaskName][];
  const tasks = named.filter(([, name]) => trainedFor.includes(name)).map(([task]) => task);
  return tasks.includes("uncrop") ? [...tasks, "panorama"] : tasks;
}

/** Network calls an answer by a model's own sampler, by task. */
function stepsByTask(config: Pick<ModelConfig, "sampling">): StudioModel["steps"] {
  const steps = (name: TaskName) => ownSteps(config, name);
  const named = Object.entries(taskNames).map(([task, name]) => [task, steps(name)]);
  return { ...Object.fromEntries(named), panorama: steps("uncrop") };
}

/** Network calls that an answer of this model will take; a first estimate for its progress. */
export function expectedSteps(
  task: StudioTask,
  { mean, steps, sampler }: StudioOptions,
  model: StudioModel,
): number {
  if (mean) return 1;
  return steps ?? (sampler === undefined ? model.steps[task] : samplingDefaults.steps);
}

/** The size of the answers to a photo by a model. */
export function answerSize(
  task: StudioTask,
  photo: Size,
  options: StudioOptions,
  { resolution, tasks }: Pick<StudioModel, "resolution" | "tasks">,
): Size {
  if (task === "panorama") {
    const { widen, sharpen = true } = options;
    const windows = halfWindows(photo, resolution, widen);
    return panoramaSize(photo, resolution, {
      ...{ ...windows, sharpen: sharpen && tasks.includes("upscale") },
    });
  }
  return taskNamed(taskNames[task]).resultSize?.(photo, ownOptions(task, options)) ?? photo;
}

/** The options that only this task has. */
export function ownOptions(
  task: StudioTask,
  { margins, scale = defaultScale }: StudioOptions,
): object {
  if (task === "uncrop") return margins === undefined ? { side: "all" } : { margins };
  return task === "upscale" ? { scale } : {};
}

/** Half windows at each side that come nearest to the width asked for. */
export function halfWindows(
  { width, height }: Size,
  resolution: number,
  widen = defaultWiden,
): { left: number; right: number } {
  const scaled = (width * resolution) / Math.min(width, height);
  const half = resolution - Math.ceil(resolution / 2);
  const count = Math.max(1, Math.round(((widen - 1) * scaled) / half));
  return { left: Math.floor(count / 2), right: Math.ceil(count / 2) };
}
