/**
 * Calls of the system's C libraries: of MPI, and of the drivers of graphics cards. koffi is an
 * optional dependency and is loaded when it is needed: all else works without it.
 */
import { createRequire } from "node:module";
import { PaletteError, reasonOf } from "../util/errors.ts";

export type Koffi = typeof import("koffi");

/** Bytes: collectives of MPI keep much on the stack of the thread that carries them out. */
const stackSize = 2 ** 23;

let loaded: Koffi | undefined;

/** @throws PaletteError when koffi is not installed, or not made for this machine. */
export function loadKoffi(): Koffi {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)("koffi") as Koffi;
    } catch (thrown) {
      const [reason] = reasonOf(thrown).split("\n", 1);
      throw new PaletteError(
        `The package koffi cannot be loaded (${reason}): install palette-diffusion with its optional dependencies.`,
        { cause: thrown },
      );
    }
    loaded.config({ async_stack_size: stackSize, resident_async_pools: 1 });
  }
  return loaded;
}
