/**
 * A compiled graph in this thread, on stock ONNX Runtime. `run` blocks the event loop while it
 * computes: hosts that must stay responsive use `createEngine`, which puts a session in a worker.
 */
import ort from "onnxruntime-node";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type {
  EngineTensor,
  EngineTensors,
  OpenResidentSession,
  OpenSession,
  ResidentTensor,
  SessionOptions,
} from "../runtime.ts";
import { exclusively } from "./device-lock.ts";

// What goes wrong is thrown, and told in one line; its log would come on top of it.
ort.env.logLevel = "fatal";

/** See `OpenSession`. */
export const openSession: OpenSession = async (model, options = {}, constants = {}) => {
  const { device = "cpu" } = options;
  const session = await createSession(model, options);
  const fixed = inputsOf(constants);
  return {
    async run(feeds, into = {}) {
      const inputs = { ...fixed, ...inputsOf(feeds) };
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const name of session.outputNames) {
        const target = into[name];
        fetches[name] = target ? new ort.Tensor("float32", target.data, target.shape) : null;
      }
      const results = await exclusively(device, () => session.run(inputs, fetches));
      const outputs: EngineTensors = {};
      for (const [name, tensor] of Object.entries(results))
        outputs[name] = into[name] ?? hostTensor(tensor);
      return outputs;
    },
    release: () => exclusively(device, () => session.release()),
  };
};

/**
 * See `OpenResidentSession`. WebGPU keeps the outputs in its buffers. ONNX Runtime's binding for
 * Node knows no other device's memory: on "cuda" they come to the machine's own and go back.
 */
export const openResidentSession: OpenResidentSession = async (model, options, resident) => {
  const { device = "cpu" } = options;
  const kept = new Set(resident);
  const places = device === "webgpu" ? resident : [];
  const session = await createSession(model, options, {
    preferredOutputLocation: Object.fromEntries(places.map((name) => [name, "gpu-buffer"])),
  });
  return {
    async run(feeds) {
      const inputs: Record<string, ort.Tensor> = {};
      for (const [name, tensor] of Object.entries(feeds))
        inputs[name] = tensor instanceof Kept ? tensor.tensor : inputOf(tensor as EngineTensor);
      const outputs: EngineTensors = {};
      const stay: Record<string, ResidentTensor> = {};
      const results = await exclusively(device, () => session.run(inputs));
      for (const [name, tensor] of Object.entries(results)) {
        if (kept.has(name)) stay[name] = new Kept(tensor);
        else outputs[name] = hostTensor(tensor);
      }
      return { outputs, resident: stay };
    },
    release: () => exclusively(device, () => session.release()),
  };
};

class Kept implements ResidentTensor {
  readonly tensor: ort.Tensor;

  constructor(tensor: ort.Tensor) {
    this.tensor = tensor;
  }

  get shape(): readonly number[] {
    return this.tensor.dims;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

async function createSession(
  model: Uint8Array,
  { device = "cpu", threads = 1, blockedLayout = true, memoryPattern = true }: SessionOptions,
  more: Pick<ort.InferenceSession.SessionOptions, "preferredOutputLocation"> = {},
): Promise<ort.InferenceSession> {
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: blockedLayout ? "all" : "extended",
    enableMemPattern: memoryPattern,
    extra: {
      session: {
        // Idle threads would otherwise spin and take the core from whoever shares it.
        intra_op: { allow_spinning: "0" },
        // A node that fell back to the processor would wait for its maps there and back.
        disable_cpu_ep_fallback: device === "webgpu" ? "1" : "0",
        // What is dequantized would be so anew for each of its consumers.
        disable_quant_qdq: "1",
      },
    },
    logSeverityLevel: 4,
    ...more,
  };
  try {
    return await exclusively(device, () => ort.InferenceSession.create(model, settings));
  } catch (error) {
    throw new PaletteError(
      `the ${device} engine does not accept this graph: ${shortened(reasonOf(error))}`,
      { cause: error },
    );
  }
}

/** Without the place in ONNX Runtime's sources that its messages begin with. */
function shortened(reason: string): string {
  return reason.replace(/^.*?\.(?:cc|h):\d+ .*? (?:was false\. |=> )?(?=[A-Z][a-z])/, "");
}

function inputsOf(tensors: EngineTensors): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, inputOf(tensor)]),
  );
}

/** ONNX Runtime takes no shared memory on Node 20. */
function inputOf({ data, shape }: EngineTensor): ort.Tensor {
  const own = data.buffer instanceof SharedArrayBuffer ? data.slice() : data;
  return new ort.Tensor("float32", own, shape);
}

function hostTensor({ data, dims }: ort.Tensor): EngineTensor {
  return { data: data as Float32Array, shape: dims };
}
