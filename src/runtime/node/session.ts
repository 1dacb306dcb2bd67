/**
 * A compiled graph in this thread, on stock ONNX Runtime. `run` blocks the event loop while it
 * computes: hosts that must stay responsive use `createEngine`, which puts a session in a worker.
 */
import ort from "onnxruntime-node";
import { PaletteError } from "../../util/errors.ts";
import type { EngineTensors, OpenSession } from "../runtime.ts";

// What goes wrong is thrown, and told in one line; its log would come on top of it.
ort.env.logLevel = "fatal";

/** See `OpenSession`. */
export const openSession: OpenSession = async (
  model,
  { device = "cpu", threads = 1, blockedLayout = true, memoryPattern = true } = {},
  constants = {},
) => {
  let session: ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(model, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: blockedLayout ? "all" : "extended",
      enableMemPattern: memoryPattern,
      // Idle threads would otherwise spin and take the core from whoever shares it.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
      logSeverityLevel: 4,
    });
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    throw new PaletteError(`the ${device} engine does not accept this graph: ${reason}`, {
      cause: error,
    });
  }
  const fixed = inputsOf(constants);
  return {
    async run(feeds, into = {}) {
      const inputs = { ...fixed, ...inputsOf(feeds) };
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const name of session.outputNames) {
        const target = into[name];
        fetches[name] = target ? new ort.Tensor("float32", target.data, target.shape) : null;
      }
      const results = await session.run(inputs, fetches);
      const outputs: EngineTensors = {};
      for (const [name, tensor] of Object.entries(results)) {
        outputs[name] = into[name] ?? { data: tensor.data as Float32Array, shape: tensor.dims };
      }
      return outputs;
    },
    release: () => session.release(),
  };
};

function inputsOf(tensors: EngineTensors): Record<string, ort.Tensor> {
  const inputs: Record<string, ort.Tensor> = {};
  for (const [name, { data, shape }] of Object.entries(tensors))
    inputs[name] = new ort.Tensor("float32", unshared(data), shape);
  return inputs;
}

/** ONNX Runtime takes no shared memory on Node 20. */
function unshared(data: Float32Array): Float32Array {
  return data.buffer instanceof SharedArrayBuffer ? data.slice() : data;
}
