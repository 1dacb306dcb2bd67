/** The thread that drives a device: it holds the training state there, and no copy of it. */
import { encodeOnnx, Graph } from "../../graph/index.ts";
import type {
  EngineTensor,
  EngineTensors,
  OpenResidentSession,
  ResidentTensor,
  SessionOptions,
} from "../../runtime/runtime.ts";
import type { VectorName } from "./optimizer.ts";
import type { ReplicaServer } from "./replica.ts";
import { updated } from "./update-graph.ts";

export interface DeviceResidentStart {
  /** See `trainingGraph`, accumulating. */
  readonly gradientModel: Uint8Array;
  /** See `updateGraph`. */
  readonly updateModel: Uint8Array;
  readonly options: Pick<SessionOptions, "device" | "threads">;
  /** The vectors of the state. */
  readonly names: readonly VectorName[];
  /** Parameters. */
  readonly count: number;
}

export type DeviceVectors = Partial<Record<VectorName, Float32Array>>;

export type DeviceResidentRequest =
  | {
      /** Moves a state to the device. */
      readonly do: "take";
      readonly vectors: DeviceVectors;
    }
  | {
      /** Computes losses and gradient of some images; `add` adds to the gradient of before. */
      readonly do: "differentiate";
      readonly feeds: EngineTensors;
      readonly add: boolean;
    }
  | {
      /** Updates the state if the gradient and, as `finite` says, the losses are finite. */
      readonly do: "update";
      readonly scalars: Readonly<Record<string, number>>;
      readonly finite: boolean;
    }
  | {
      /** Copies the state from the device. */
      readonly do: "give";
    };

/** Losses of the images, the norm of the gradient, the state, or nothing. */
export type DeviceResidentReply = Float32Array | number | DeviceVectors | undefined;

type Held = Readonly<Record<string, ResidentTensor>>;

export async function openDeviceResidentReplica(
  { gradientModel, updateModel, options, names, count }: DeviceResidentStart,
  open: OpenResidentSession,
): Promise<ReplicaServer<DeviceResidentRequest, DeviceResidentReply>> {
  const gradients = await open(gradientModel, options, ["gradient"]);
  const updates = await open(updateModel, options, names.map(updated));
  const uploads = await open(copyGraph(count), options, ["y"]);
  // In Node a tensor on a device cannot be read; an output that is wanted here can.
  const downloads = await open(copyGraph(count), options, []);

  const upload = async (data: Float32Array): Promise<ResidentTensor> => {
    const x: EngineTensor = { data, shape: [count] };
    return (await uploads.run({ x })).resident.y!;
  };
  const zeros = await upload(new Float32Array(count));
  let state: Held | undefined;
  let gradient: ResidentTensor = zeros;

  const held = (): Held => {
    if (state === undefined) throw new Error("no state was taken over");
    return state;
  };

  /** The old values are given back only once the new ones are there. */
  const replaceState = (next: Held): void => {
    if (state) disposeAll(state);
    state = next;
  };

  const replaceGradient = (next: ResidentTensor): void => {
    if (gradient !== zeros) gradient.dispose();
    gradient = next;
  };

  return {
    async answer(request) {
      switch (request.do) {
        case "take": {
          const next: Record<string, ResidentTensor> = {};
          for (const name of names) next[name] = await upload(request.vectors[name]!);
          replaceState(next);
          return undefined;
        }
        case "differentiate": {
          if (!request.add) replaceGradient(zeros);
          const { parameters } = held();
          const feeds = { parameters: parameters!, sum: gradient, ...request.feeds };
          const { outputs, resident } = await gradients.run(feeds);
          replaceGradient(resident.gradient!);
          return outputs.losses!.data;
        }
        case "update": {
          const scalars = Object.fromEntries(
            Object.entries(request.scalars).map(([name, value]) => [
              name,
              { data: Float32Array.of(value), shape: [1] },
            ]),
          );
          const { outputs, resident } = await updates.run({ ...held(), gradient, ...scalars });
          const norm = outputs.norm!.data[0]!;
          const next = Object.fromEntries(names.map((name) => [name, resident[updated(name)]!]));
          if (request.finite && Number.isFinite(norm)) replaceState(next);
          else disposeAll(next);
          return norm;
        }
        case "give": {
          const vectors: DeviceVectors = {};
          for (const name of names)
            vectors[name] = (await downloads.run({ x: held()[name]! })).outputs.y!.data;
          return vectors;
        }
      }
    },
    transferables: () => [],
  };
}

function disposeAll(tensors: Held): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

/** y = x [count]. */
function copyGraph(count: number): Uint8Array {
  const graph = new Graph();
  return encodeOnnx(graph, { y: graph.input("x", [count]) });
}
