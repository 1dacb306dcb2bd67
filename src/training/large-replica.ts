/**
 * The thread that trains a large network: one engine on all cores, and the optimizer. The state comes
 * with each request and goes back with the answer, without being copied; ONNX Runtime reads the weights
 * and writes the gradients where they lie.
 */
import { parentPort, workerData } from "node:worker_threads";
import { serve } from "../engine/client.ts";
import { type EngineTensors, openSession, type SessionOptions } from "../engine/session.ts";
import { size } from "../graph/index.ts";
import { type ParameterSpec, parameterCount, storedShape } from "../nn/parameters.ts";
import { gradientName } from "../nn/programs.ts";
import {
  adamStep,
  clipScale,
  type Hyperparameters,
  sumGradients,
  type TrainingState,
} from "./optimizer.ts";

export interface LargeReplicaStart {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  readonly specs: readonly ParameterSpec[];
  /** Images of one run. */
  readonly images: number;
}

export interface LargeReplicaRequest {
  readonly state: TrainingState;
  /** The images of each run. */
  readonly feeds: readonly EngineTensors[];
  readonly hyper: Hyperparameters;
}

export interface LargeReplicaReply {
  readonly state: TrainingState;
  readonly losses: Float32Array;
  readonly gradientNorm: number;
  readonly finite: boolean;
}

await serve<LargeReplicaRequest, LargeReplicaReply>(
  parentPort,
  async () => {
    const { model, options, specs, images } = workerData as LargeReplicaStart;
    const session = await openSession(model, options);
    const count = parameterCount(specs);
    const total = new Float32Array(count);
    let part: Float32Array | undefined;

    /** A flat vector as the graph's tensors, which lie in it. */
    const tensorsIn = (vector: Float32Array, nameOf: (parameter: string) => string) => {
      const tensors: EngineTensors = {};
      for (const { name, shape, axes, offset } of specs)
        tensors[nameOf(name)] = {
          data: vector.subarray(offset, offset + size(shape)),
          shape: storedShape(shape, axes),
        };
      return tensors;
    };

    return async ({ state, feeds, hyper }) => {
      const weights = tensorsIn(state.parameters, (name) => name);
      const losses = new Float32Array(feeds.length * images);
      for (const [k, feed] of feeds.entries()) {
        if (k > 0) part ??= new Float32Array(count);
        const gradient = k === 0 ? total : part!;
        const own = { data: losses.slice(0, images), shape: [images] };
        const into = { ...tensorsIn(gradient, gradientName), losses: own };
        await session.run({ ...weights, ...feed }, into);
        losses.set(own.data, k * images);
        if (k > 0) for (let i = 0; i < count; i++) total[i]! += gradient[i]!;
      }
      const gradientNorm = Math.sqrt(sumGradients([total], 0, count));
      const finite = Number.isFinite(gradientNorm) && losses.every(Number.isFinite);
      if (finite) {
        state.step += 1;
        const { learningRate, emaDecay, clip } = hyper;
        const scale = clipScale(gradientNorm, clip);
        adamStep(state, total, { step: state.step, learningRate, emaDecay, scale }, 0, count);
      }
      return { state, losses, gradientNorm, finite };
    };
  },
  ({ state: { parameters, ema, m, v } }) =>
    [parameters, ema, m, v].map(({ buffer }) => buffer as ArrayBuffer),
);
