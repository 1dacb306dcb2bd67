/** What a request takes of the memory of a tab, as `web/memory.ts` estimates it. */
import type { Size } from "../../../image/model-size.ts";
import type { ModelConfig } from "../../../models/config.ts";
import { pixelsAtOnceByDefault } from "../../../pipeline/batches.ts";
import { taskNamed } from "../../../tasks/registry.ts";
import type { Task } from "../../../tasks/task.ts";
import { largestThatFits, type Restoration, tabBudget, tabMemory } from "../../../web/memory.ts";
import { answerSize, ownOptions, studioModelOf, taskNames } from "../../restoring/tasks.ts";
import type { StudioOptions, StudioTask } from "../restorer.ts";

/** What a request asks for, and of which photo. */
export interface Ask {
  readonly task: StudioTask;
  readonly photo: Size;
  readonly options: StudioOptions;
}

export interface Misfit {
  /** Bytes. */
  readonly need: number;
  readonly most: number;
  /** The largest size of the photo that fits; undefined where none does. */
  readonly smaller?: Size | undefined;
}

/** Engines side by side that there is room for, at least one. */
export function threadsFor(ask: Ask, model: ModelConfig, cores: number): number {
  const fits = (engines: number) =>
    tabMemory(restorationOf(ask, model, engines), ask.photo) <= tabBudget;
  let threads = 1;
  while (threads < cores && fits(threads + 1)) threads++;
  return threads;
}

/** Undefined where it fits, on one engine if need be. */
export function misfitOf(ask: Ask, model: ModelConfig): Misfit | undefined {
  const restoration = restorationOf(ask, model, 1);
  const need = tabMemory(restoration, ask.photo);
  if (need <= tabBudget) return undefined;
  return { need, most: tabBudget, smaller: largestThatFits(restoration, ask.photo) };
}

/** A panorama is the photo uncropped; one that is not sharpened takes no more than a filling. */
function restorationOf(
  { task, photo, options }: Ask,
  config: ModelConfig,
  engines: number,
): Restoration {
  const { mean, samples = 1 } = options;
  const chosen = task === "panorama" ? widened(options, config) : taskNamed(taskNames[task]);
  const own = ownOptions(task, options);
  // An answer is encoded before the next one is made; large ones are also sampled one by one.
  const { width, height } = chosen.resultSize?.(photo, own) ?? photo;
  const atOnce = Math.max(1, Math.floor(pixelsAtOnceByDefault / (width * height)));
  return {
    ...{ config, engines, task: chosen },
    options: { ...own, samples: mean ? 1 : Math.min(samples, atOnce) },
  };
}

/** What a panorama takes, as a task. */
function widened(options: StudioOptions, config: ModelConfig): Task {
  const model = studioModelOf(config);
  const { sharpen = true } = options;
  if (!sharpen || !model.tasks.includes("upscale")) return taskNamed("inpaint");
  return {
    ...(taskNamed("uncrop") as Task),
    resultSize: (photo) => answerSize("panorama", photo, options, model),
  };
}
