/** Whether this process is one of several that a launcher started to work together. */
import type { Environment } from "../../util/environment.ts";

export interface Launch {
  readonly rank: number;
  readonly size: number;
  /** Processes of this host, this one included, as far as the launcher says. */
  readonly local: number;
}

/** The variables of each launcher: rank, number of ranks, number of ranks of the host. */
const launchers = [
  // Open MPI's mpirun.
  ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"],
  // MPICH's and Intel MPI's mpiexec (Hydra), and srun --mpi=pmi2.
  ["PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"],
  // srun --mpi=pmix.
  ["PMIX_RANK", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE"],
] as const;

/** Undefined for a process that was started alone. */
export function launchOf(environment: Environment = process.env): Launch | undefined {
  const number = (name: string) => {
    const text = environment[name];
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  for (const [rankName, sizeName, localName] of launchers) {
    const [rank, size, local = 1] = [number(rankName), number(sizeName), number(localName)];
    if (rank !== undefined && size !== undefined && size > 1) return { rank, size, local };
  }
  return undefined;
}
