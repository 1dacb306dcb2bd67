/**
 * A compiled graph in this thread, on onnxruntime-web. WebAssembly blocks the thread while it
 * computes, so pages open sessions in Web Workers (`engine.ts`).
 */
import type { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type { Device, EngineTensors, SessionOptions } from "../runtime.ts";
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
  { device = "cpu", blockedLayout = true, memoryPattern = true }: SessionOptions,
  constants: EngineTensors,
): Promise<Session> {
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
    });
  } catch (error) {
    const reason = reasonOf(error).split("\n")[0];
    throw new PaletteError(`the ${device} engine does not accept this graph: ${reason}`, {
      cause: error,
    });
  }
  const inputsOf = (tensors: EngineTensors): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { data, shape }]) => [
        name,
        new ort.Tensor("float32", data, shape),
      ]),
    );
  const fixed = inputsOf(constants);
  return {
    async run(feeds) {
      const results = await session.run({ ...fixed, ...inputsOf(feeds) });
      const outputs: EngineTensors = {};
      for (const [name, tensor] of Object.entries(results)) {
        outputs[name] = { data: (await tensor.getData()) as Float32Array, shape: tensor.dims };
      }
      return outputs;
    },
  };
}

async function runtimeFor(device: Device) {
  if (device === "cpu") return { ort: await import("onnxruntime-web/wasm"), provider: "wasm" };
  if (device === "webgpu") {
    return { ort: await import("onnxruntime-web/webgpu"), provider: "webgpu" };
  }
  throw new PaletteError(`A browser has no device "${device}": use "cpu" or "webgpu".`);
}
