/** `palette average`: the average of a run's weights, its length chosen afterwards. */
import { join } from "node:path";
import { RunAverages } from "../node/average.ts";
import { saveMadeModel } from "../node/made-model.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import type { ValidationLoss } from "../training/validation-set.ts";
import { UsageError } from "../util/errors.ts";
import { quantity } from "../util/format.ts";
import { alignedColumns } from "./aligned-columns.ts";
import type { AverageFlags } from "./commands/average.ts";
import { log, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting, withProgress } from "./progress.ts";

/** From here on the difference between the average and the one asked for is told. */
const toldError = 0.1;

/** The held-out loss of an average. */
interface Compared {
  /** "0.05", or the run's own decay. */
  readonly average: string;
  readonly length?: number;
  readonly error?: number;
  readonly loss: ValidationLoss;
}

export async function averageRun(run: string, flags: AverageFlags): Promise<void> {
  const { length, lengths, out, force, json } = flags;
  if ((length === undefined) === (lengths === undefined))
    throw new UsageError(
      "Give the --length of the average to make, or several --lengths to compare.",
    );
  if (lengths !== undefined && out !== undefined)
    throw new UsageError("Comparing --lengths writes no model: leave out -o.");
  const folder = out ?? join(run, `model-${length}`);
  if (length !== undefined) await claimFolder(folder, folderKinds.averagedModel, { force });
  const averages = await RunAverages.open(run);
  try {
    await interruptible(async (signal) => {
      if (lengths !== undefined) {
        const rows = await compared(averages, lengths, flags, signal);
        say(json ? JSON.stringify(rows, undefined, 2) : table(rows).join("\n"));
        return;
      }
      const made = await withProgress("Adding up averages", ({ update }) =>
        averages.average(length!, { signal, onPart: update }),
      );
      tellError(length!, made.error);
      await whileWaiting("Writing the model", saveMadeModel(folder, made.model, "averaging"));
      const { images, began } = averages;
      if (json) say(JSON.stringify({ folder, length, error: made.error, images, began }));
      else say(`${folder}: the average of length ${length} at ${quantity(images, "image")}`);
    });
  } finally {
    await averages.close();
  }
}

async function compared(
  averages: RunAverages,
  lengths: readonly number[],
  { data, device, threads }: AverageFlags,
  signal: AbortSignal,
): Promise<Compared[]> {
  const options = { data, device, threads, signal, onNote: log };
  const judged = (label: string, model: Parameters<RunAverages["heldOutLoss"]>[0]) =>
    withProgress(`Held-out loss of ${label}`, ({ update }) =>
      averages.heldOutLoss(model, { ...options, onCall: update }),
    );
  const own = `decay ${averages.config.optimizer.emaDecay}`;
  const rows: Compared[] = [{ average: own, loss: await judged(own, await averages.ordinary()) }];
  for (const length of lengths) {
    const { model, error } = await withProgress("Adding up averages", ({ update }) =>
      averages.average(length, { signal, onPart: update }),
    );
    tellError(length, error);
    const average = String(length);
    rows.push({ average, length, error, loss: await judged(average, model) });
  }
  return rows;
}

function tellError(length: number, error: number): void {
  if (error < toldError) return;
  log(
    `The snapshots give length ${length} to within ${Math.round(100 * error)} %; more of them come as the training goes on.`,
  );
}

function table(rows: readonly Compared[]): string[] {
  const tasks = Object.keys(rows[0]!.loss.tasks);
  const cells = [
    ["average", "held-out loss", ...tasks],
    ...rows.map(({ average, loss }) => [
      average,
      loss.mean.toFixed(5),
      ...tasks.map((task) => loss.tasks[task]!.toFixed(5)),
    ]),
  ];
  return alignedColumns(cells);
}
