/** The Web Worker of a replica of a training step. */
import { openReplica, type ReplicaServer } from "../../training/step/replica.ts";
import type { StepStrategy } from "../../training/step/types.ts";
import type { OpenSession } from "../runtime.ts";
import { openResidentSession, openSession } from "./session.ts";
import { serveRequests } from "./worker-server.ts";

let replica: ReplicaServer<never, unknown> | undefined;

serveRequests(async (request) => {
  if (replica === undefined) return { result: await begin(request) };
  const result = await replica.answer(request as never);
  return { result, transfer: replica.transferables(result) };
});

async function begin(request: unknown): Promise<void> {
  const { strategy, start } = request as {
    readonly strategy: StepStrategy["name"];
    readonly start: unknown;
  };
  replica = await openReplica(strategy, start, intoArrays, openResidentSession);
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
