/**
 * A compiled graph in this thread, on onnxruntime-web. WebAssembly blocks the thread while it
 * computes, so pages open sessions in Web Workers (`engine.ts`).
 */
import type { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type {
  Device,
  EngineTensor,
  EngineTensors,
  OpenResidentSession,
  ResidentTensor,
  SessionOptions,
} from "../runtime.ts";
import { withExternalWeights } from "./external-weights.ts";

export interface Session {
  /** Computes the outputs from the inputs by name; each output has an array of its own. */
  run(feeds: EngineTensors): Promise<EngineTensors>;
}

/** Where the model says that its weights lie. */
const weights = "weights";

/**
 * Compiles an ONNX model. Only the bundle of the chosen device is loaded.
 * @param constants inputs that are the same in every run
 * @throws PaletteError when the device does not accept the graph.
 */
export async function openSession(
  model: Uint8Array,
  options: SessionOptions,
  constants: EngineTensors,
): Promise<Session> {
  const { session, inputOf } = await createSession(model, options);
  const inputsOf = (tensors: EngineTensors): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, inputOf(tensor)]));
  const fixed = inputsOf(constants);
  return {
    async run(feeds) {
      const results = await session.run({ ...fixed, ...inputsOf(feeds) });
      const outputs: EngineTensors = {};
      for (const [name, tensor] of Object.entries(results)) outputs[name] = await read(tensor);
      return outputs;
    },
  };
}

/** See `OpenResidentSession`. */
export const openResidentSession: OpenResidentSession = async (model, options, resident) => {
  const kept = new Set(resident);
  const { session, inputOf } = await createSession(model, options, {
    preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, "gpu-buffer"])),
  });
  return {
    async run(feeds) {
      const inputs: Record<string, Tensor> = {};
      for (const [name, tensor] of Object.entries(feeds))
        inputs[name] = tensor instanceof Kept ? tensor.tensor : inputOf(tensor as EngineTensor);
      const outputs: EngineTensors = {};
      const stay: Record<string, ResidentTensor> = {};
      for (const [name, tensor] of Object.entries(await session.run(inputs))) {
        if (kept.has(name)) stay[name] = new Kept(tensor);
        else outputs[name] = await read(tensor);
      }
      return { outputs, resident: stay };
    },
    release: () => session.release(),
  };
};

class Kept implements ResidentTensor {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  get shape(): readonly number[] {
    return this.tensor.dims;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

async function read(tensor: Tensor): Promise<EngineTensor> {
  return { data: (await tensor.getData()) as Float32Array, shape: tensor.dims };
}

async function createSession(
  model: Uint8Array,
  { device = "cpu", blockedLayout = true, memoryPattern = true }: SessionOptions,
  more: Pick<InferenceSession.SessionOptions, "preferredOutputLocation"> = {},
) {
  const { ort, provider } = await runtimeFor(device);
  // Several threads need a cross-origin isolated page, and are slower than one session a core.
  ort.env.wasm.numThreads = 1;
  let session: InferenceSession;
  try {
    session = await ort.InferenceSession.create(withExternalWeights(model, weights), {
      externalData: [{ path: weights, data: model }],
      executionProviders: [provider],
      graphOptimizationLevel: blockedLayout ? "all" : "extended",
      enableMemPattern: memoryPattern,
      // Beside the arena, whose blocks double: 49 MB of weights would take 128.
      extra: { session: { use_device_allocator_for_initializers: "1" } },
      logSeverityLevel: 3,
      ...more,
    });
  } catch (error) {
    const reason = reasonOf(error).split("\n")[0];
    throw new PaletteError(`the ${device} engine does not accept this graph: ${reason}`, {
      cause: error,
    });
  }
  const inputOf = ({ data, shape }: EngineTensor): Tensor => new ort.Tensor("float32", data, shape);
  return { session, inputOf };
}

async function runtimeFor(device: Device) {
  if (device === "cpu") return { ort: await import("onnxruntime-web/wasm"), provider: "wasm" };
  if (device === "webgpu") {
    return { ort: await import("onnxruntime-web/webgpu"), provider: "webgpu" };
  }
  throw new PaletteError(`A browser has no device "${device}": use "cpu" or "webgpu".`);
}
