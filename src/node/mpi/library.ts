/**
 * An MPI library as functions: Open MPI, or one with MPICH's binary interface (MPICH, Intel MPI,
 * MVAPICH). The library is the system's; nothing of it is in the package. Handles are addresses in
 * Open MPI and integers in MPICH (mpi.h of both).
 */
import type { KoffiFunc, LibraryHandle } from "koffi";
import type { Environment } from "../../util/environment.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { loadKoffi } from "../koffi.ts";

/** Names another library. */
export const libraryVariable = "PALETTE_MPI_LIBRARY";

/** Memory that C reads and writes: a view of it, or an address. */
type Memory = NodeJS.ArrayBufferView | bigint | null;
type Handle = bigint | number;

/** Each gives MPI_SUCCESS, 0, or an error, which the library makes fatal by default. */
type Call<Parameters extends unknown[]> = KoffiFunc<(...parameters: Parameters) => number>;

export interface MpiLibrary {
  readonly name: string;
  readonly handles: {
    readonly world: Handle;
    readonly byte: Handle;
    readonly float: Handle;
    readonly double: Handle;
    readonly sum: Handle;
  };
  readonly ignoreStatus: bigint;
  readonly init: Call<[Memory, Memory, number, Memory]>;
  readonly finalize: Call<[]>;
  readonly rank: Call<[Handle, Memory]>;
  readonly size: Call<[Handle, Memory]>;
  readonly barrier: Call<[Handle, Memory]>;
  readonly test: Call<[Memory, Memory, Memory]>;
  readonly broadcast: Call<[Memory, number, Handle, number, Handle]>;
  readonly allgather: Call<[Memory, number, Handle, Memory, number, Handle, Handle]>;
  readonly reduceScatter: Call<[Memory, Memory, Memory, Handle, Handle, Handle]>;
  readonly allgatherParts: Call<[Memory, number, Handle, Memory, Memory, Memory, Handle, Handle]>;
}

const openMpi = ["libmpi.so.40", "libmpi.so.80", "libmpi.so.20", "libmpi.dylib", "libmpi.so"];
const mpich = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib", "libmpich.dylib"];

/**
 * Loads the library that `PALETTE_MPI_LIBRARY` names, or the one of the launcher that started this
 * process, wherever the system finds it.
 * @throws PaletteError when there is none, or it is of another kind.
 */
export function loadMpi(environment: Environment = process.env): MpiLibrary {
  const named = environment[libraryVariable];
  const hydra = environment.PMI_RANK !== undefined;
  const usual = hydra ? [...mpich, ...openMpi] : [...openMpi, ...mpich];
  const candidates = named === undefined ? usual : [named];
  const koffi = loadKoffi();
  let failure: unknown;
  for (const path of candidates) {
    let library: LibraryHandle;
    try {
      // Open MPI's plugins look for its symbols among the program's.
      library = koffi.load(path, { global: true });
    } catch (thrown) {
      failure ??= thrown;
      continue;
    }
    return bind(path, library);
  }
  const advice = `install Open MPI (Debian: apt install openmpi-bin), or name the library in ${libraryVariable}`;
  if (named !== undefined)
    throw new PaletteError(
      `The MPI library ${named} cannot be loaded (${reasonOf(failure)}): ${advice}.`,
    );
  throw new PaletteError(
    `This process was started as one of several, but no MPI library was found (tried ${usual.join(", ")}): ${advice}.`,
  );
}

function bind(path: string, library: LibraryHandle): MpiLibrary {
  const address = (name: string) => library.symbol(name) as bigint;
  const version = versionOf(library);
  const isOpen = version.includes("Open MPI");
  if (!isOpen && !/MPICH|Intel/.test(version))
    throw new PaletteError(
      `The MPI library ${path} is neither Open MPI nor MPICH: name another one in ${libraryVariable}.`,
    );
  const [pointer, int] = ["void *", "int"];
  const handle = isOpen ? pointer : int;
  const call = <P extends unknown[]>(name: string, ...types: string[]) =>
    library.func(name, int, types) as unknown as Call<P>;
  return {
    name: path,
    handles: isOpen
      ? {
          world: address("ompi_mpi_comm_world"),
          byte: address("ompi_mpi_byte"),
          float: address("ompi_mpi_float"),
          double: address("ompi_mpi_double"),
          sum: address("ompi_mpi_op_sum"),
        }
      : {
          world: 0x44000000,
          byte: 0x4c00010d,
          float: 0x4c00040a,
          double: 0x4c00080b,
          sum: 0x58000003,
        },
    ignoreStatus: isOpen ? 0n : 1n,
    init: call("MPI_Init_thread", pointer, pointer, int, pointer),
    finalize: call("MPI_Finalize"),
    rank: call("MPI_Comm_rank", handle, pointer),
    size: call("MPI_Comm_size", handle, pointer),
    barrier: call("MPI_Ibarrier", handle, pointer),
    test: call("MPI_Test", pointer, pointer, pointer),
    broadcast: call("MPI_Bcast", pointer, int, handle, int, handle),
    allgather: call("MPI_Allgather", pointer, int, handle, pointer, int, handle, handle),
    reduceScatter: call("MPI_Reduce_scatter", pointer, pointer, pointer, handle, handle, handle),
    allgatherParts: call(
      ...([
        "MPI_Allgatherv",
        pointer,
        int,
        handle,
        pointer,
        pointer,
        pointer,
        handle,
        handle,
      ] as const),
    ),
  };
}

/** What the library says it is; this may be asked before it is used. */
function versionOf(library: LibraryHandle): string {
  const [text, length] = [new Uint8Array(2 ** 13), new Int32Array(1)];
  try {
    library.func("MPI_Get_library_version", "int", ["void *", "void *"])(text, length);
  } catch {
    return "";
  }
  return new TextDecoder().decode(text.subarray(0, length[0]));
}
