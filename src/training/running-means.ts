/** RunningMeans over the images since the last report. They travel in the checkpoint, as exact numbers. */
import { z } from "zod";

const sumSchema = z.strictObject({ sum: z.number(), count: z.int() });
export const meansSchema = z.strictObject({
  loss: sumSchema,
  gradientNorm: sumSchema,
  tasks: z.record(z.string(), sumSchema),
});

type Sum = z.infer<typeof sumSchema>;
/** Sums and counts as plain data. */
export type MeansData = z.infer<typeof meansSchema>;

/** Loss, loss per task (each the mean over its images) and gradient norm (over updates). */
export class RunningMeans {
  private data: MeansData;

  constructor(data: MeansData = emptyMeans()) {
    this.data = structuredClone(data);
  }

  /** Adds an update: the loss of each image, its task, and the norm of the gradient. */
  add(losses: readonly number[], tasks: readonly string[], gradientNorm: number): void {
    losses.forEach((loss, k) => {
      const task = tasks[k]!;
      this.data.tasks[task] ??= { sum: 0, count: 0 };
      addTo(this.data.tasks[task], loss);
      addTo(this.data.loss, loss);
    });
    addTo(this.data.gradientNorm, gradientNorm);
  }

  clear(): void {
    this.data = emptyMeans();
  }

  get images(): number {
    return this.data.loss.count;
  }

  /** In the order of `names`; a task that did not occur is left out. */
  means(names: readonly string[]): {
    loss: number;
    tasks: Record<string, number>;
    gradientNorm: number;
  } {
    const tasks: Record<string, number> = {};
    for (const name of names) {
      const sum = this.data.tasks[name];
      if (sum) tasks[name] = mean(sum);
    }
    return { loss: mean(this.data.loss), tasks, gradientNorm: mean(this.data.gradientNorm) };
  }

  /** A copy as plain data, the tasks sorted. */
  toData(): MeansData {
    const { loss, gradientNorm, tasks } = structuredClone(this.data);
    const sorted = Object.entries(tasks).sort(([a], [b]) => (a < b ? -1 : 1));
    return { loss, gradientNorm, tasks: Object.fromEntries(sorted) };
  }
}

export function emptyMeans(): MeansData {
  return { loss: { sum: 0, count: 0 }, gradientNorm: { sum: 0, count: 0 }, tasks: {} };
}

function addTo(sum: Sum, value: number): void {
  sum.sum += value;
  sum.count += 1;
}

function mean({ sum, count }: Sum): number {
  return count === 0 ? 0 : sum / count;
}
