/** The Web Worker of a replica of a training step. */
import { openReplica, type ReplicaServer } from "../../training/step/replica.ts";
import type { StepStrategy } from "../../training/step/types.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type { OpenSession } from "../runtime.ts";
import type { ReplicaReply, ReplicaRequest } from "./replica.ts";
import { openResidentSession, openSession } from "./session.ts";

let replica: ReplicaServer<never, unknown> | undefined;
let queue = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<ReplicaRequest>) => {
  queue = queue.then(() => answer(data));
});

async function answer({ id, request }: ReplicaRequest): Promise<void> {
  try {
    const first = replica === undefined;
    const result = await carryOut(request);
    const transfer = first || replica === undefined ? [] : replica.transferables(result);
    reply({ id, result }, transfer);
  } catch (thrown) {
    reply({ id, failure: reasonOf(thrown), expected: thrown instanceof PaletteError });
  }
}

async function carryOut(request: unknown): Promise<unknown> {
  if (replica !== undefined) return replica.answer(request as never);
  const { strategy, start } = request as {
    readonly strategy: StepStrategy["name"];
    readonly start: unknown;
  };
  replica = await openReplica(strategy, start, intoArrays, openResidentSession);
  return undefined;
}

/** onnxruntime-web gives outputs in arrays of its own: they are copied to where they belong. */
const intoArrays: OpenSession = async (model, options = {}, constants = {}) => {
  const session = await openSession(model, options, constants);
  return {
    async run(feeds, into = {}) {
      const outputs = await session.run(feeds);
      for (const [name, { data }] of Object.entries(into)) {
        const output = outputs[name];
        if (output === undefined) throw new Error(`the graph has no output ${name}`);
        data.set(output.data);
        outputs[name] = into[name]!;
      }
      return outputs;
    },
    // The worker ends with its session.
    release: async () => {},
  };
};

function reply(message: ReplicaReply, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, { transfer });
}
