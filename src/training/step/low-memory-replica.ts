/**
 * The thread that trains in little memory: one engine on all cores, and the optimizer. The state
 * comes at the beginning of each step and goes back at its end, without being copied. ONNX Runtime
 * reads the weights and writes the gradients where they lie.
 */
import { gradientName } from "../../nn/graphs.ts";
import { type ParameterSpec, parameterCount } from "../../nn/parameters.ts";
import type { EngineTensors, OpenSession, SessionOptions } from "../../runtime/runtime.ts";
import type { Piece } from "../ranks/partition.ts";
import {
  clipScale,
  type Hyperparameters,
  sumGradients,
  type TrainingState,
  updatePiece,
  vectorsIn,
} from "./optimizer.ts";
import type { ReplicaServer } from "./replica.ts";
import { tensorsIn } from "./vector-tensors.ts";

export interface LowMemoryStart {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  readonly specs: readonly ParameterSpec[];
  /** Images of one run. */
  readonly images: number;
}

export type LowMemoryRequest =
  | {
      /** Takes the state over, for one step. */
      readonly do: "take";
      readonly state: TrainingState;
    }
  | {
      /** Computes losses and gradient of some images; `add` adds to the gradient of before. */
      readonly do: "differentiate";
      readonly feeds: EngineTensors;
      readonly add: boolean;
    }
  | {
      /** Updates the state, if the gradient is finite, and gives it back. */
      readonly do: "update";
      readonly hyper: Hyperparameters;
      /** Whether the losses are. */
      readonly finite: boolean;
      /** The gradient that was handed over, summed over the ranks. */
      readonly summed?: SummedGradient;
    }
  | {
      /** Gives the gradient away, to be summed over the ranks. */
      readonly do: "hand over";
    }
  | {
      /** Gives the state back as it was taken. */
      readonly do: "give back";
    };

export interface SummedGradient {
  readonly gradient: Float32Array;
  /** Of the whole gradient. */
  readonly norm: number;
  /** What this rank updates. */
  readonly pieces: readonly Piece[];
}

export interface LowMemoryUpdate {
  readonly state: TrainingState;
  readonly gradientNorm: number;
  readonly finite: boolean;
}

/** Losses of the images, the state, or nothing. */
export type LowMemoryReply =
  | Float32Array
  | LowMemoryUpdate
  | Pick<LowMemoryUpdate, "state">
  | Pick<SummedGradient, "gradient">
  | undefined;

/** What moves with a state from thread to thread. */
export function stateBuffers(state: TrainingState): ArrayBuffer[] {
  return vectorsIn(state).map((name) => state[name]!.buffer as ArrayBuffer);
}

export async function openLowMemoryReplica(
  { model, options, specs, images }: LowMemoryStart,
  openSession: OpenSession,
): Promise<ReplicaServer<LowMemoryRequest, LowMemoryReply>> {
  const session = await openSession(model, options);
  const count = parameterCount(specs);
  let total = new Float32Array(count);
  let part: Float32Array | undefined;
  let held: TrainingState | undefined;

  const taken = (): TrainingState => {
    if (held === undefined) throw new Error("no state was taken over");
    return held;
  };

  return {
    async answer(request) {
      switch (request.do) {
        case "take":
          held = request.state;
          return undefined;
        case "differentiate": {
          if (request.add) part ??= new Float32Array(count);
          const gradient = request.add ? part! : total;
          const losses = { data: new Float32Array(images), shape: [images] };
          const weights = tensorsIn(taken().parameters, specs);
          const into = { ...tensorsIn(gradient, specs, gradientName), losses };
          await session.run({ ...weights, ...request.feeds }, into);
          if (request.add) for (let i = 0; i < count; i++) total[i]! += gradient[i]!;
          return losses.data;
        }
        case "update": {
          const state = taken();
          held = undefined;
          const { summed } = request;
          if (summed) total = summed.gradient as Float32Array<ArrayBuffer>;
          const gradientNorm = summed?.norm ?? Math.sqrt(sumGradients([total], 0, count));
          const finite = request.finite && Number.isFinite(gradientNorm);
          if (finite) {
            state.step += 1;
            const { clip, ...rates } = request.hyper;
            const how = { ...rates, step: state.step, scale: clipScale(gradientNorm, clip) };
            const pieces = summed?.pieces ?? [{ start: 0, end: count, at: 0 }];
            for (const piece of pieces) updatePiece(state, total, piece, how);
          }
          return { state, gradientNorm, finite };
        }
        case "hand over":
          return { gradient: total };
        case "give back": {
          const state = taken();
          held = undefined;
          return { state };
        }
      }
    },
    transferables: (reply) => {
      if (reply === undefined || reply instanceof Float32Array) return [];
      return "state" in reply ? stateBuffers(reply.state) : [reply.gradient.buffer as ArrayBuffer];
    },
  };
}
