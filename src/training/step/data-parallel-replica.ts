/**
 * One replica of data-parallel training, in a thread of its own. It computes the gradient of its
 * share of each batch, and carries out the optimizer on its share of the parameters. The vectors
 * lie in shared memory; the stepper tells all replicas when to do what.
 */
import type { EngineTensors, OpenSession, SessionOptions } from "../../runtime/runtime.ts";
import { adamStep, sumGradients, type TrainingState } from "./optimizer.ts";
import type { ReplicaServer } from "./replica.ts";

export interface DataParallelStart {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  /** Images of one run of this replica. */
  readonly batch: number;
  readonly state: Omit<TrainingState, "step">;
  /** The gradients of all replicas, this one's at `rank`. */
  readonly gradients: readonly Float32Array[];
  readonly rank: number;
  /** The part of the vectors this replica updates. */
  readonly shard: readonly [number, number];
}

export type DataParallelRequest =
  | {
      /** Computes losses and gradient of some images; `add` adds to the gradient of before. */
      readonly do: "differentiate";
      readonly feeds: EngineTensors;
      readonly add: boolean;
    }
  | {
      /** Adds up the replicas' gradients on this shard: replies with the sum of squares. */
      readonly do: "reduce";
    }
  | {
      readonly do: "update";
      readonly step: number;
      readonly learningRate: number;
      readonly emaDecay: number;
      readonly scale: number;
    };

/** Losses of the images, the sum of squares, or nothing. */
export type DataParallelReply = Float32Array | number | undefined;

export async function openDataParallelReplica(
  { model, options, batch, state, gradients, rank, shard }: DataParallelStart,
  openSession: OpenSession,
): Promise<ReplicaServer<DataParallelRequest, DataParallelReply>> {
  const session = await openSession(model, options);
  const count = state.parameters.length;
  const shared = gradients[rank] as Float32Array;
  // ONNX Runtime takes no shared memory on Node 20: the session reads and writes these copies.
  const parameters = { data: new Float32Array(count), shape: [count] };
  const gradient = { data: new Float32Array(count), shape: [count] };
  const losses = { data: new Float32Array(batch), shape: [batch] };
  return {
    async answer(request) {
      switch (request.do) {
        case "differentiate":
          parameters.data.set(state.parameters);
          await session.run({ parameters, ...request.feeds }, { losses, gradient });
          if (request.add) for (let i = 0; i < count; i++) shared[i]! += gradient.data[i]!;
          else shared.set(gradient.data);
          return losses.data.slice();
        case "reduce":
          return sumGradients(gradients, ...shard);
        case "update":
          adamStep(state, gradients[0] as Float32Array, request, ...shard);
          return undefined;
      }
    },
    transferables: () => [],
  };
}
