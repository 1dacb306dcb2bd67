/**
 * The seam between the core and ONNX Runtime. A runtime compiles encoded graphs and runs them away
 * from the calling thread: in worker threads under Node (`node/`), in Web Workers in a
 * page (`web/`).
 */

import type { LoweringName } from "../graph/lowering/index.ts";

/** Where a graph runs. "cpu" is WebAssembly in a browser; "cuda" exists in Node only. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];

/** How a network is carried out when sampling. */
export const samplingPrecisions = ["float32", "int8"] as const;
export type SamplingPrecision = (typeof samplingPrecisions)[number];

/** How a graph stores feature maps and carries out convolutions. */
export type Lowering = LoweringName;

/** A float32 array in row-major order; `data` has the product of `shape` values. */
export interface EngineTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Tensors by the names of a graph's inputs or outputs. */
export type EngineTensors = Record<string, EngineTensor>;

export interface SessionOptions {
  /** Default "cpu". */
  readonly device?: Device;
  /** Threads of one operator; default 1, which is fastest when there is an engine for each core. */
  readonly threads?: number;
  /**
   * Whether weights baked into the graph may be rearranged for this processor (default true). It
   * pays where there are many; training has none.
   */
  readonly blockedLayout?: boolean;
  /**
   * Whether the memory of a run is laid out in advance, after the first one (default true). Without
   * it, memory is taken and given back value by value: a session holds a half to a third as much.
   */
  readonly memoryPattern?: boolean;
}

/** A compiled graph in the calling thread, which a run blocks. */
export interface Session {
  /**
   * Computes the outputs from the inputs by name. Outputs named in `into` are written into those
   * arrays, which must not share memory with any input (ONNX Runtime would silently give wrong
   * numbers); the others are returned in new arrays.
   */
  run(feeds: EngineTensors, into?: EngineTensors): Promise<EngineTensors>;
  release(): Promise<void>;
}

/**
 * Compiles an ONNX model in the calling thread.
 * @param constants inputs that are the same in every run, such as weights; they are not copied, and
 * must not change
 * @throws PaletteError when the device does not accept the graph.
 */
export type OpenSession = (
  model: Uint8Array,
  options?: SessionOptions,
  constants?: EngineTensors,
) => Promise<Session>;

/**
 * A tensor that stays where its session computed it: sessions of the same thread and device take
 * it.
 */
export interface ResidentTensor {
  readonly shape: readonly number[];
  /** Gives its memory back; nothing can use it afterwards. */
  dispose(): void;
}

/** A compiled graph in the calling thread, some of whose outputs stay on its device. */
export interface ResidentSession {
  /**
   * Computes the outputs from the inputs by name.
   * @throws PaletteError when the device fails, as when its memory is full.
   */
  run(feeds: Record<string, EngineTensor | ResidentTensor>): Promise<{
    readonly outputs: EngineTensors;
    readonly resident: Record<string, ResidentTensor>;
  }>;
  release(): Promise<void>;
}

/**
 * Compiles an ONNX model in the calling thread.
 * @param resident the outputs that stay on the device, where the device can keep them
 * @throws PaletteError when the device does not accept the graph.
 */
export type OpenResidentSession = (
  model: Uint8Array,
  options: Pick<SessionOptions, "device" | "threads">,
  resident: readonly string[],
) => Promise<ResidentSession>;

/** A compiled graph. */
export interface Engine {
  /**
   * Computes the graph's outputs by name. Calls are carried out one after the other.
   * @throws PaletteError once the engine was disposed of, or when the inputs do not fit the graph.
   */
  run(feeds: EngineTensors): Promise<EngineTensors>;
  /** Ends the engine's thread after the current run. Waiting and later runs fail. */
  dispose(): Promise<void>;
}

/** ONNX Runtime on one platform. */
export interface Runtime {
  /** For messages: "onnxruntime-node", "onnxruntime-web". */
  readonly name: string;
  /** Threads that can compute at the same time. */
  readonly cores: number;
  /**
   * Sizes of images whose engines a network keeps when another is asked for; default: all. Those
   * that compute are never ended.
   */
  readonly sizesKept?: number;
  /** The lowering of graphs for a device (default "cpu"). */
  lowering(device?: Device): Lowering;
  /**
   * Whether engines of a device (default "cpu") read `constants` where they lie. Elsewhere they are
   * copied in every run, and small weights are better baked into the graph. False unless given.
   */
  readsInPlace?(device?: Device): boolean;
  /**
   * Whether its processor multiplies bytes as int8 convolutions need it. Not known, and thus not
   * used, unless given.
   */
  multipliesBytes?(): Promise<boolean>;
  /**
   * Compiles an encoded ONNX graph (`encodeOnnx`) off the calling thread.
   * @param constants inputs that are the same in every run. Their buffers move to the engine, so
   * each needs a buffer of its own, which the caller cannot use afterwards
   * @throws PaletteError when the device refuses the graph.
   */
  compile(model: Uint8Array, options?: SessionOptions, constants?: EngineTensors): Promise<Engine>;
  /**
   * Checks an estimate against the free memory. A platform that cannot tell accepts everything.
   * @param need bytes beyond what the process holds now
   * @param what the sentence's subject: "Sampling with NAME"
   * @param remedy what to do about it, where there is something special; a function is asked only
   * when it does not fit
   * @throws PaletteError with both numbers when it does not fit.
   */
  assertFits(need: number, what: string, remedy?: string | (() => string)): void;
}

/** Graphs for processors use the "cpu" lowering, all others the "gpu" lowering. */
export function loweringFor(device: Device = "cpu"): Lowering {
  return device === "cpu" ? "cpu" : "gpu";
}
