/** Where a page computes: on its GPU where that answers as WebAssembly does, or on its cores. */
import { configFromPreset } from "../../models/config.ts";
import type { Model } from "../../models/model.ts";
import { presetNamed } from "../../models/presets.ts";
import { uNetConfig } from "../../nn/config.ts";
import type { NetworkConfig } from "../../nn/network.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { reasonOf } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { createNetwork } from "../network.ts";
import { webRuntime } from "./index.ts";

/** "cpu" is WebAssembly: one-thread sessions in Web Workers side by side. */
export const webDevices = ["cpu", "webgpu"] as const;
export type WebDevice = (typeof webDevices)[number];

/**
 * Why a device was chosen, for programs: the user wanted it; the browser has no WebGPU; it has, but
 * no adapter; the adapter is software; it failed; its answer is another than WebAssembly's; it
 * agrees.
 */
export const deviceReasons = [
  "asked",
  "no-webgpu",
  "no-adapter",
  "software-adapter",
  "failed",
  "disagrees",
  "agrees",
] as const;
export type DeviceReason = (typeof deviceReasons)[number];

/** What the browser tells of a GPU; browsers leave fields empty as they like. */
export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** It computes on the processor. */
  readonly software: boolean;
}

export interface DeviceChoice {
  readonly device: WebDevice;
  /** A sentence for people. */
  readonly reason: string;
  /** The same for programs. */
  readonly why: DeviceReason;
  /** Engines side by side that `threads` gives by default on this device. */
  readonly threads: number;
  /** The GPU that was found, also where it was not chosen. */
  readonly adapter?: AdapterDescription;
  /** How far its answer was from WebAssembly's, as a share of the largest value. */
  readonly difference?: number;
}

/** More than rounding: another order of sums gives some 1e-6. */
const largestDifference = 1e-3;
/** Milliseconds after which a GPU that does not answer counts as failed. */
const patience = 60_000;

/**
 * Chooses a device, and says why. A GPU is chosen where the browser offers an adapter that is no
 * software and whose answers to networks of random weights agree with WebAssembly's; that takes
 * about a second, and the download of both engines. Without WebGPU nothing is loaded.
 */
export async function chooseDevice({
  device = "auto",
}: {
  /** The user's wish, which is taken as it is; default "auto". */
  readonly device?: WebDevice | "auto";
} = {}): Promise<DeviceChoice> {
  const { gpu } = navigator as unknown as { readonly gpu?: Gpu };
  if (device === "cpu") return cpu("asked", "WebAssembly was asked for.");
  if (device === "webgpu") {
    const adapter = gpu && describe(await adapterOf(gpu));
    return {
      ...{ device, why: "asked", reason: "WebGPU was asked for.", threads: 1 },
      ...(adapter && { adapter }),
    };
  }
  if (gpu === undefined) return cpu("no-webgpu", "This browser has no WebGPU.");
  const adapter = describe(await adapterOf(gpu));
  if (adapter === undefined) return cpu("no-adapter", "The browser offers no GPU.");
  if (adapter.software) {
    return cpu("software-adapter", "The GPU offered is software on the processor.", { adapter });
  }
  try {
    const difference = await within(patience, differenceFromCpu());
    if (difference <= largestDifference) {
      const reason = "The GPU answers as WebAssembly does.";
      return { device: "webgpu", why: "agrees", reason, threads: 1, adapter, difference };
    }
    const share = `${(100 * difference).toPrecision(2)} %`;
    return cpu("disagrees", `The GPU's answer differs from WebAssembly's by ${share}.`, {
      adapter,
      difference,
    });
  } catch (thrown) {
    return cpu("failed", `The GPU failed (${reasonOf(thrown)}).`, { adapter });
  }
}

function cpu(
  why: DeviceReason,
  reason: string,
  found: Pick<DeviceChoice, "adapter" | "difference"> = {},
): DeviceChoice {
  return { device: "cpu", why, reason, threads: webRuntime.cores, ...found };
}

/** What is used of WebGPU, which TypeScript's libraries have known since version 6. */
interface Gpu {
  requestAdapter(options: {
    readonly powerPreference: "high-performance";
  }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}

async function adapterOf(gpu: Gpu): Promise<Adapter | undefined> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter ?? undefined;
}

function describe(adapter: Adapter | undefined): AdapterDescription | undefined {
  if (adapter === undefined) return undefined;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const software =
    isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|warp/i.test(architecture);
  return { vendor, architecture, description, software };
}

/**
 * How far WebGPU's answers to calls of the probes are from WebAssembly's, as a share of the largest
 * value; the worst of them.
 * @throws PaletteError when one of them cannot run it.
 */
export async function differenceFromCpu(): Promise<number> {
  let worst = 0;
  for (const network of probes) {
    const [expected, given] = await Promise.all([
      answerOf(network, "cpu"),
      answerOf(network, "webgpu"),
    ]);
    worst = Math.max(worst, shareApart(expected, given));
  }
  return worst;
}

function shareApart(expected: Float32Array, given: Float32Array): number {
  let [largest, apart] = [0, 0];
  for (const [i, value] of expected.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const difference = Math.abs(value - given[i]!);
    // What is not a number is no answer.
    apart = difference >= 0 ? Math.max(apart, difference) : Number.POSITIVE_INFINITY;
  }
  return apart / largest;
}

async function answerOf(probe: NetworkConfig, device: WebDevice): Promise<Float32Array> {
  const model = withWeights(probe);
  const { channels, resolution } = model.config.network;
  const shape = [1, channels, resolution, resolution] as const;
  const [source, noisy] = ["source", "noisy"].map((name) =>
    numbers(channels * resolution * resolution, 1, name),
  );
  const network = await createNetwork(webRuntime, model, { device, threads: 1 });
  try {
    return await network.predict({ source: source!, noisy: noisy!, gamma: 0.3, shape });
  } finally {
    await network.dispose();
  }
}

/**
 * Small networks of everything that models are made of. The first is as the presets' are. The
 * second has no stem, as imported models: ONNX Runtime 1.30 is wrong on WebGPU for the six channels
 * of its first convolution, unless they are filled up (`graph/ops/convolution.ts`).
 */
export const probes: readonly NetworkConfig[] = [
  {
    ...{ resolution: 32, stem: 2, outputSkip: "laplacian", base: 32, multipliers: [1, 2] },
    ...{ blocks: 1, attention: [8], headChannels: 32 },
  },
  {
    ...{ resolution: 16, stem: 1, outputSkip: "concat", embedding: "gamma", base: 8 },
    ...{ multipliers: [1, 3], blocks: 1, attention: [8], headChannels: 8, groups: 4 },
  },
].map((network) => uNetConfig.parse(network));

/** No weight is zero. */
function withWeights(network: NetworkConfig): Model {
  const config = { ...configFromPreset(presetNamed("tiny-32"), { tasks: [] }), network };
  return { config, parameters: numbers(parameterCount(parameterSpecs(network)), 0.06, "weights") };
}

/** Numbers of at most `most`, the same for the same name. */
function numbers(count: number, most: number, name: string): Float32Array {
  const random = Random.from("probe", name);
  return new Float32Array(count).map(() => random.between(-most, most));
}

/** @throws Error when it takes longer. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in a minute")), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
