/** `palette train` as one of the ranks that mpirun or another launcher started. */
import { agreeOn } from "../node/mpi/agree.ts";
import { MpiCommunicator } from "../node/mpi/communicator.ts";
import type { Launch } from "../node/mpi/launch.ts";
import { trainTogether } from "../node/training.ts";
import type { TrainingOptions, TrainingOutcome } from "../training/options.ts";
import type { TrainingPlan } from "../training/plan.ts";
import { SaidByRank0 } from "../training/ranks/said-by-rank0.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import type { TrainFlags } from "./commands/train.ts";
import { log } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting } from "./progress.ts";

/** Trains as `run` does and tells how it goes. */
export type Report = (
  plan: TrainingPlan,
  options: TrainFlags,
  signal: AbortSignal,
  run: (options: TrainingOptions & { readonly out: string }) => Promise<TrainingOutcome>,
) => Promise<void>;

/** The same command runs on every rank; rank 0 alone says what all would say. */
export async function trainAsRank(
  launch: Launch,
  options: TrainFlags,
  makePlan: () => Promise<TrainingPlan>,
  report: Report,
): Promise<void> {
  if (options.device !== "cpu" || options.precision === "float16") {
    if (launch.rank > 0) throw new SaidByRank0();
    throw new UsageError(
      "Several ranks train on processors only, in float32: leave out --device and --precision.",
    );
  }
  await interruptible(async (interrupted) => {
    const signal = AbortSignal.any([interrupted, userSignal()]);
    const communicator = new MpiCommunicator(launch, signal);
    const { rank } = communicator;
    /** All ranks have come to the end, well or not. */
    const close = () => communicator.close().catch(() => {});
    if (rank > 0) {
      const ended = await follow(communicator, signal, options, makePlan, close);
      if (!ended) throw new SaidByRank0();
      return;
    }
    try {
      const planning = agreeOn(communicator, makePlan());
      const plan = await whileWaiting("Looking for photos", planning);
      if (killedSoon()) log(killNote);
      await report(plan, options, signal, async (chosen) => {
        const outcome = await trainTogether(plan, communicator, chosen);
        if (typeof outcome === "boolean") throw new Error("rank 0 has followed");
        return outcome;
      });
    } finally {
      await close();
    }
  });
}

async function follow(
  communicator: MpiCommunicator,
  signal: AbortSignal,
  { out, device }: TrainFlags,
  makePlan: () => Promise<TrainingPlan>,
  close: () => Promise<void>,
): Promise<boolean> {
  try {
    const plan = await agreeOn(communicator, makePlan());
    const ended = await trainTogether(plan, communicator, { out, device, signal });
    await close();
    return ended === true;
  } catch (thrown) {
    if (thrown instanceof SaidByRank0) await close();
    if (!(thrown instanceof PaletteError)) throw thrown;
    // What this rank alone has met: the launcher ends the others.
    throw new PaletteError(`rank ${communicator.rank}: ${reasonOf(thrown)}.`, { cause: thrown });
  }
}

/** mpirun hands SIGUSR1 on to all ranks and goes on: they save and end. */
function userSignal(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGUSR1", () => controller.abort());
  return controller.signal;
}

/** Whether Open MPI's mpirun, after Ctrl-C, kills all ranks before they can have saved. */
function killedSoon(): boolean {
  const { OMPI_COMM_WORLD_RANK: rank, OMPI_MCA_odls_base_sigkill_timeout: timeout } = process.env;
  return rank !== undefined && timeout === undefined;
}

const killNote =
  "note: after Ctrl-C mpirun leaves the ranks one second to save; kill -USR1 to mpirun leaves them as long as it takes, --mca odls_base_sigkill_timeout 10 ten seconds";
