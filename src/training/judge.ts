/** Looks at the averaged weights from time to time: an error to compare, a sheet to look at. */
import { scheduleFrom } from "../diffusion/schedule.ts";
import type { Device } from "../engine/session.ts";
import { writeImage } from "../images/encode.ts";
import type { ModelConfig } from "../models/config.ts";
import { loadNetwork } from "../models/network.ts";
import { taskNamed } from "../tasks/registry.ts";
import {
  byTask,
  type HeldOutExample,
  type HeldOutLoss,
  heldOutExamples,
  heldOutLoss,
} from "./held-out.ts";
import type { TrainingPlan } from "./plan.ts";
import { samplesSheet } from "./samples.ts";

/** Examples of each task: enough to see progress through the differences between photos. */
const perTask = 32;
/** Of these, so many are shown. */
const shownPerTask = 3;

export class Judge {
  private readonly plan: TrainingPlan;
  private readonly device: Device | undefined;
  private prepared: Promise<HeldOutExample[]> | undefined;

  constructor(plan: TrainingPlan, device?: Device) {
    this.plan = plan;
    this.device = device;
  }

  /**
   * The held-out loss of the weights, undefined without held-out photos; and, when `sheet` is a
   * path, a sheet of samples there, of training photos if need be. Uses one thread.
   */
  async look(
    model: ModelConfig,
    weights: Float32Array,
    { loss, sheet }: { readonly loss: boolean; readonly sheet?: string },
  ): Promise<HeldOutLoss | undefined> {
    this.prepared ??= this.prepare();
    const examples = await this.prepared;
    const some = [...byTask(examples).values()].flatMap((ofTask) => spread(ofTask, shownPerTask));
    if (some.length === 0) return undefined;
    // A copy: the weights go on changing.
    const network = await loadNetwork(
      { config: model, parameters: weights.slice() },
      { device: this.device, threads: 1 },
    );
    try {
      if (sheet !== undefined) await writeImage(sheet, await samplesSheet(network, some));
      if (!loss || this.plan.heldOut.length === 0) return undefined;
      return await heldOutLoss(network, examples, scheduleFrom(model.trainingSchedule));
    } finally {
      await network.dispose();
    }
  }

  private prepare(): Promise<HeldOutExample[]> {
    const { config, heldOut, training } = this.plan;
    const [photos, count] = heldOut.length > 0 ? [heldOut, perTask] : [training, shownPerTask];
    return heldOutExamples(photos, config.tasks.map(taskNamed), config.network.resolution, count);
  }
}

/** `count` of the values, evenly spaced. */
function spread<T>(values: readonly T[], count: number): T[] {
  const some = Math.min(count, values.length);
  return Array.from({ length: some }, (_, k) => values[Math.floor((k * values.length) / some)]!);
}
