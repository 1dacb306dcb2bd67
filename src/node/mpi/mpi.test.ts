import { describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure.ts";
import { localRanks } from "../../../test/support/ranks.ts";
import { trainingRuns } from "../../../test/support/training-runs.ts";
import { writePhotos } from "../../../test/training-photos.ts";
import { SaidByRank0 } from "../../training/ranks/said-by-rank0.ts";
import { PaletteError } from "../../util/errors.ts";
import { agreeOn } from "./agree.ts";
import { launchOf } from "./launch.ts";
import { loadMpi } from "./library.ts";

const runs = trainingRuns(false);

describe("a launch", () => {
  it("is read from the variables of Open MPI, Hydra and Slurm", () => {
    const openMpi = { OMPI_COMM_WORLD_RANK: "3", OMPI_COMM_WORLD_SIZE: "8" };
    expect(launchOf({ ...openMpi, OMPI_COMM_WORLD_LOCAL_SIZE: "4" })).toEqual({
      ...{ rank: 3, size: 8, local: 4 },
    });
    expect(launchOf({ PMI_RANK: "0", PMI_SIZE: "2" })).toEqual({ rank: 0, size: 2, local: 1 });
    expect(launchOf({ PMIX_RANK: "1", SLURM_NTASKS: "4" })).toMatchObject({ rank: 1, size: 4 });
  });

  it("is none for one process, and for the tasks of a Slurm array", () => {
    expect(launchOf({})).toBeUndefined();
    expect(launchOf({ OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "1" })).toBeUndefined();
    expect(launchOf({ SLURM_NTASKS: "4", SLURM_PROCID: "1" })).toBeUndefined();
  });
});

describe("an MPI library", () => {
  it("that is not there is named in one line, with what to do", () => {
    const load = () => loadMpi({ PALETTE_MPI_LIBRARY: "libnone.so" });
    expect(load).toThrow(PaletteError);
    expect(load).toThrow(/libnone\.so cannot be loaded .*apt install openmpi-bin/);
  });
});

describe("ranks", () => {
  const agree = async (...requests: Parameters<typeof runs.planned>) => {
    const ranks = localRanks(2);
    return Promise.allSettled(
      ranks.map((rank, k) =>
        agreeOn(rank, runs.planned({ seed: k === 0 ? 3 : 4, ...requests[0] })),
      ),
    );
  };

  it("must have the same settings", async () => {
    const [first, second] = await agree();
    expect(first).toMatchObject({ reason: { message: expect.stringMatching(/Rank 1 .*seed/) } });
    expect(second).toMatchObject({ reason: expect.any(SaidByRank0) });
  });

  it("must see the same photos", async () => {
    const [one, two] = localRanks(2);
    const other = writePhotos(runs.path("more"), 10).then((more) => runs.planned({ data: [more] }));
    const following = agreeOn(two!, other);
    const failure = failureOf(agreeOn(one!, runs.planned()));
    await expect(following).rejects.toThrow(SaidByRank0);
    expect(await failure).toMatch(/Rank 1 on \S+ finds other photos than rank 0/);
  });

  it("must not be more than the images of a batch", async () => {
    const [first] = await agree({ seed: 3, optimizer: { batch: 1 } });
    expect(first).toMatchObject({ reason: { message: expect.stringMatching(/--batch of 2/) } });
  });
});
