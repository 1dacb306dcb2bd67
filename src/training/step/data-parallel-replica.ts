/**
 * One replica of data-parallel training, in a thread of its own. It computes the gradient of its
 * share of each batch. Where threads share memory, the vectors lie there and the replica also
 * carries out the optimizer on its share of the parameters; elsewhere the weights are lent to it
 * for each gradient. The stepper tells all replicas when to do what.
 */
import { gradientName } from "../../nn/graphs.ts";
import { type ParameterSpec, parameterCount } from "../../nn/parameters.ts";
import type { EngineTensors, OpenSession, SessionOptions } from "../../runtime/runtime.ts";
import type { Piece } from "../ranks/partition.ts";
import {
  type AdamOptions,
  sumGradients,
  sumOfSquares,
  type TrainingState,
  updatePiece,
} from "./optimizer.ts";
import type { ReplicaServer } from "./replica.ts";
import { tensorsIn } from "./vector-tensors.ts";

export interface DataParallelStart {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  /** Images of one run of this replica. */
  readonly batch: number;
  /** The network's parameters. */
  readonly specs: readonly ParameterSpec[];
  /** Absent where threads share no memory. */
  readonly shared?: SharedVectors;
}

export interface SharedVectors {
  readonly state: Omit<TrainingState, "step">;
  /** The gradients of all replicas, this one's at `thread`. */
  readonly gradients: readonly Float32Array[];
  readonly thread: number;
}

/** What moves to a replica without shared memory, and back with its reply. */
export interface LentVectors {
  /** A copy of the weights. */
  readonly parameters: Float32Array;
  /** Where the replica's gradient is written, or added. */
  readonly gradient: Float32Array;
}

export type DataParallelRequest =
  | {
      /** Computes losses and gradient of some images; `add` adds to the gradient of before. */
      readonly do: "differentiate";
      readonly feeds: EngineTensors;
      readonly add: boolean;
      readonly lent?: LentVectors;
    }
  | {
      /**
       * Adds up the replicas' gradients from `start` to `end`: replies with the sum of squares.
       */
      readonly do: "reduce";
      readonly start: number;
      readonly end: number;
    }
  | {
      /** Replies with the sum of squares of these pieces of the summed gradient. */
      readonly do: "measure";
      readonly pieces: readonly Piece[];
    }
  | UpdateRequest;

export interface UpdateRequest extends AdamOptions {
  readonly do: "update";
  readonly piece: Piece;
}

/** Losses of the images with what was lent, the sum of squares, or nothing. */
export type DataParallelReply = DifferentiateReply | number | undefined;

export interface DifferentiateReply {
  readonly losses: Float32Array;
  readonly lent?: LentVectors;
}

export async function openDataParallelReplica(
  { model, options, batch, specs, shared }: DataParallelStart,
  openSession: OpenSession,
): Promise<ReplicaServer<DataParallelRequest, DataParallelReply>> {
  const session = await openSession(model, options);
  const count = parameterCount(specs);
  // ONNX Runtime takes no shared memory on Node 20: the session reads and writes these copies.
  const copy = shared && new Float32Array(count);
  const gradient = new Float32Array(count);
  const gradients = tensorsIn(gradient, specs, gradientName);
  const losses = { data: new Float32Array(batch), shape: [batch] };

  async function differentiate(feeds: EngineTensors, lent?: LentVectors): Promise<void> {
    copy?.set(shared!.state.parameters);
    const weights = tensorsIn(copy ?? lent!.parameters, specs);
    await session.run({ ...weights, ...feeds }, { losses, ...gradients });
  }

  return {
    async answer(request) {
      switch (request.do) {
        case "differentiate": {
          const { feeds, add, lent } = request;
          await differentiate(feeds, lent);
          const total = lent?.gradient ?? (shared!.gradients[shared!.thread] as Float32Array);
          if (add) for (let i = 0; i < count; i++) total[i]! += gradient[i]!;
          else total.set(gradient);
          return { losses: losses.data.slice(), ...(lent && { lent }) };
        }
        case "reduce":
          return sumGradients(shared!.gradients, request.start, request.end);
        case "measure":
          return sumOfSquares(shared!.gradients[0] as Float32Array, request.pieces);
        case "update": {
          const { state, gradients } = shared!;
          updatePiece(state, gradients[0] as Float32Array, request.piece, request);
          return undefined;
        }
      }
    },
    transferables: (reply) =>
      typeof reply === "object" && reply.lent !== undefined ? lentBuffers(reply.lent) : [],
  };
}

export function lentBuffers({ parameters, gradient }: LentVectors): ArrayBuffer[] {
  return [parameters, gradient].map(({ buffer }) => buffer as ArrayBuffer);
}
