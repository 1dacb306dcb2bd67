/** A run's checkpoint (`training/checkpoint.ts`) as a file on disk, which is replaced whole. */
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { SafetensorsReader } from "../models/safetensors-reader.ts";
import { checkpointParts, readCheckpointInto } from "../training/checkpoint.ts";
import type { Counters, StateAccess } from "../training/platform.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { openSafetensors, writeSafetensors } from "./safetensors-file.ts";

/**
 * Replaces the checkpoint.
 * @throws PaletteError when the file cannot be written (the old one stays), or when the state holds
 * a number that is not finite: it is not worth keeping.
 */
export async function writeCheckpoint(
  path: string,
  state: StateAccess,
  counters: Counters,
): Promise<void> {
  const { tensors, metadata } = await checkpointParts(state, counters, crc32);
  await writeSafetensors(path, tensors, { metadata });
}

/**
 * Reads a checkpoint into `state`. Returns undefined, and changes nothing, when there is none.
 * @throws PaletteError in one line when the file is damaged or of another network.
 */
export async function readCheckpoint(
  path: string,
  state: StateAccess,
): Promise<Counters | undefined> {
  let file: SafetensorsReader | undefined;
  try {
    file = await openSafetensors(path, "it");
    return await readCheckpointInto(state, file, crc32);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code !== undefined && !(thrown instanceof PaletteError))
      throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
    const reason = thrown instanceof z.ZodError ? "it is no checkpoint" : reasonOf(thrown);
    throw new PaletteError(
      `The checkpoint ${path} is damaged (${reason}), so the run cannot go on from it: restore it from a copy, or begin with the weights beside it in another --out, by --from ${join(dirname(path), "model")}.`,
      { cause: thrown },
    );
  } finally {
    await file?.close();
  }
}
