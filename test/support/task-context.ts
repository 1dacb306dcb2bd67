import { nodeCodec, photoFiles } from "../../src/node/codec.ts";
import type { TaskContext } from "../../src/tasks/task.ts";
import type { Random } from "../../src/util/random.ts";

/** What tasks are given in tests. */
export function context(random: Random): TaskContext {
  return { random, codec: nodeCodec };
}

/** Where tests read photos, and how they decode them. */
export const platform = { reader: photoFiles, codec: nodeCodec };
