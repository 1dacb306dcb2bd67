/**
 * The compiled graphs of a model, for so many images of a size at a time, on engines side by side.
 * What is asked for again is not compiled again.
 */
import type { Quantization } from "../graph/index.ts";
import type { ModelConfig } from "../models/config.ts";
import { type Model, readModel, type StoredModel, weightsInMemory } from "../models/model.ts";
import { notCalibrated } from "../models/settings/int8.ts";
import {
  inferenceGraph,
  lowMemorySession,
  lowMemoryThreshold,
  type WeightResidency,
  weightResidency,
} from "../nn/graphs.ts";
import { type ParameterSpec, parameterCount } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { Engine, Runtime, SamplingPrecision, SessionOptions } from "./runtime.ts";
import { weightInputs } from "./weight-inputs.ts";

export interface NetworkOptions extends Pick<SessionOptions, "device" | "threads"> {
  /**
   * Bytes of weights above which a model runs in low memory (default 128e6), see `weightResidency`.
   * Engines side by side hold twice as much together at most.
   */
  readonly lowMemoryThreshold?: number;
  /** "int8" (default "float32"): faster, for models that were calibrated for it. */
  readonly precision?: SamplingPrecision;
}

/** What a graph is for. */
interface Inputs {
  /** Images a run. */
  readonly images: number;
  /** Height and width of each. */
  readonly size: readonly [number, number];
}

/** Engines for one kind of inputs, and how many calls compute on them or wait for them. */
interface Pool {
  users: number;
  readonly engines: Promise<Engine[]>;
}

/** Makes so many engines; in low memory they are one. */
type Compile = (count: number, inputs: Inputs) => Promise<Engine[]>;

/**
 * Images that share a graph when they may. At 64x64 pixels and below, where the maps of the low
 * levels are so small that reading the weights takes as long as computing, four are a quarter
 * faster than one; larger images gain nothing.
 */
const imagesAGraph = 4;
const largestShared = 64 * 64;

/** On a GPU a run takes as many images as fill it: so many positions, in one of these portions. */
const portions = [16, 4];
const positionsAtOnce = 16 * 64 ** 2;

/** Engines that are compiled side by side: at least one, all of them or, after an error, none. */
export async function compileSeveral(
  count: number,
  compile: () => Promise<Engine>,
): Promise<Engine[]> {
  const made = await Promise.allSettled(Array.from({ length: Math.max(1, count) }, compile));
  const failed = made.find((one) => one.status === "rejected");
  const engines = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (failed === undefined) return engines;
  await Promise.all(engines.map((engine) => engine.dispose()));
  throw failed.reason;
}

export class EnginePools {
  /** Engines that compute side by side. */
  readonly lanes: number;
  /**
   * Whether an image's output is the same to the bit in any company, so that only images of one
   * unit may share a run. On a GPU it is the same to rounding.
   */
  readonly exact: boolean;
  private readonly residency: WeightResidency;
  private readonly compile: Compile;
  private readonly sizesKept: number;
  /** The one that was used last comes last. */
  private readonly pools = new Map<string, Pool>();

  private constructor(
    lanes: number,
    exact: boolean,
    residency: WeightResidency,
    sizesKept: number,
    compile: Compile,
  ) {
    this.lanes = lanes;
    this.exact = exact;
    this.residency = residency;
    this.sizesKept = sizesKept;
    this.compile = compile;
  }

  /**
   * @param model in memory, or stored
   * @throws PaletteError when the weights cannot be read or are not the network's, or when the
   * precision is not to be had here.
   */
  static async open(
    runtime: Runtime,
    model: Model | StoredModel,
    {
      device = "cpu",
      threads = runtime.cores,
      lowMemoryThreshold: limit = lowMemoryThreshold,
      precision = "float32",
    }: NetworkOptions,
  ): Promise<EnginePools> {
    const { network } = model.config;
    const specs = parameterSpecs(network);
    // Two engines of one thread are faster than one of two, so every network of constants has two.
    const affordable = Math.floor((2 * limit) / (4 * parameterCount(specs)));
    const exact = device === "cpu";
    // A GPU computes one run at a time (and ONNX Runtime's provider crashes at two).
    const lanes = exact ? Math.max(1, Math.min(threads, affordable)) : 1;
    const residency = weightResidency(specs, limit);
    const quantization = precision === "int8" ? await quantizationOf(model.config) : undefined;
    const beside = quantization === undefined && runtime.readsInPlace?.(device);
    const small = beside ? weightsBeside : weightsBakedIn;
    const compile = await (residency === "inputs" ? weightsMoveOn() : small());
    return new EnginePools(
      lanes,
      exact,
      residency,
      runtime.sizesKept ?? Number.POSITIVE_INFINITY,
      compile,
    );

    async function quantizationOf({ name, int8 }: ModelConfig): Promise<Quantization> {
      if (device !== "cpu")
        throw new PaletteError(
          `int8 is for processors, not for ${device}: leave out the precision.`,
        );
      if (int8 === undefined) throw new PaletteError(notCalibrated(name));
      if (residency === "inputs")
        throw new PaletteError(
          `int8 is for models of up to ${Math.round(limit / 1e6)} MB of weights: leave out the precision for ${name}.`,
        );
      if (!(await runtime.multipliesBytes?.()))
        throw new PaletteError(
          "int8 needs a processor with products of bytes (VNNI, or ARM's dot products), under Node: leave out the precision.",
        );
      return int8;
    }

    async function weightsBakedIn(): Promise<Compile> {
      const { parameters } = "parameters" in model ? model : await readModel(model);
      return async (count, { images, size }) => {
        const { model: program } = inferenceGraph(network, specs, parameters, images, {
          size,
          lowering: runtime.lowering(device),
          ...omitUndefined({ quantization }),
        });
        const session = quantization ? { memoryPattern: false } : {};
        return compileSeveral(count, () =>
          runtime.compile(program, { ...session, device, threads: Math.floor(threads / count) }),
        );
      };
    }

    /** Each engine has its own, arranged for it: a graph would hold them several times over. */
    async function weightsBeside(): Promise<Compile> {
      const { parameters } = "parameters" in model ? model : await readModel(model);
      const source = weightsInMemory(parameters);
      return async (count, { images, size }) => {
        const graph = inferenceGraph(network, specs, "inputs", images, {
          size,
          ownKernels: "fast",
          lowering: runtime.lowering(device),
        });
        const session = { ...lowMemorySession, device, threads: Math.floor(threads / count) };
        return compileSeveral(count, async () =>
          runtime.compile(
            graph.model,
            session,
            await weightInputs(graph.parameters, specs, source),
          ),
        );
      };
    }

    /** To the one engine. */
    async function weightsMoveOn(): Promise<Compile> {
      const source = "parameters" in model ? weightsInMemory(model.parameters) : model.weights;
      const weights = (inputs: readonly ParameterSpec[]) => weightInputs(inputs, specs, source);
      const lowering = runtime.lowering(device);
      const own = inferenceGraph(network, specs, "inputs", 1, { lowering });
      // Stored weights are read now, so that an error in them is reported now.
      let read = "weights" in model ? await weights(own.parameters) : undefined;
      return async (_count, { size }) => {
        const asked = size.every((side) => side === network.resolution)
          ? own
          : inferenceGraph(network, specs, "inputs", 1, { size, lowering });
        const constants = (asked === own ? read : undefined) ?? (await weights(asked.parameters));
        if (asked === own) read = undefined;
        return [
          await runtime.compile(asked.model, { ...lowMemorySession, device, threads }, constants),
        ];
      };
    }
  }

  /**
   * How many of `count` images that may share a run go through a graph together: on a processor 1
   * or 4. The last run may be partly empty, which must not cost more than the others save.
   */
  imagesARun(count: number, [height, width]: Inputs["size"]): number {
    if (this.residency === "inputs") return 1;
    if (!this.exact) {
      const most = Math.min(count, Math.floor(positionsAtOnce / (height * width)));
      return portions.find((portion) => portion <= most) ?? 1;
    }
    if (height * width > largestShared) return 1;
    return Math.ceil(count / imagesAGraph) * (imagesAGraph - 1) < count ? imagesAGraph : 1;
  }

  /**
   * Runs `work` on so many engines for each kind of inputs, sharing the threads. They stay for the
   * next time as long as there is room.
   */
  async use<T>(
    count: number,
    kinds: readonly Inputs[],
    work: (engines: readonly Engine[][]) => Promise<T>,
  ): Promise<T> {
    const pools = kinds.map((inputs) => this.taken(count, inputs));
    try {
      return await work(await Promise.all(pools.map(({ engines }) => engines)));
    } finally {
      for (const pool of pools) pool.users -= 1;
    }
  }

  private taken(count: number, inputs: Inputs): Pool {
    const key = `${count} of ${inputs.images}x${inputs.size.join("x")}`;
    const known = this.pools.get(key);
    this.pools.delete(key);
    const pool = known ?? { users: 0, engines: this.compiled(key, count, inputs) };
    pool.users += 1;
    this.pools.set(key, pool);
    return pool;
  }

  private async compiled(key: string, count: number, inputs: Inputs): Promise<Engine[]> {
    try {
      await this.makeRoom();
      return await this.compile(count, inputs);
    } catch (thrown) {
      this.pools.delete(key);
      throw thrown;
    }
  }

  /** Ends engines that nobody uses, those first that were used longest ago. */
  private async makeRoom(): Promise<void> {
    const idle = [...this.pools].filter(([, { users }]) => users === 0);
    for (const [key, { engines }] of idle) {
      if (this.pools.size < this.sizesKept) return;
      this.pools.delete(key);
      await Promise.all((await engines).map((engine) => engine.dispose()));
    }
  }

  /** Ends the engines' threads. */
  async dispose(): Promise<void> {
    const all = [...this.pools.values()].map(({ engines }) => engines);
    const settled = await Promise.allSettled(all);
    this.pools.clear();
    const engines = settled.flatMap((pool) => (pool.status === "fulfilled" ? pool.value : []));
    await Promise.all(engines.map((engine) => engine.dispose()));
  }
}
