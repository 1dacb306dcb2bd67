/** The state of a training that is dealt out over ranks, and of one that is not. */
import type { StateAccess } from "../platform.ts";
import { type TrainingState, type VectorName, vectorNamed, vectorsIn } from "../step/optimizer.ts";
import { type Partition, pack } from "./partition.ts";

/** Numbers from `at` on of a whole vector; a rank keeps what is its own. */
export function writePart(
  state: TrainingState,
  partition: Partition,
  name: VectorName,
  at: number,
  part: Float32Array,
): void {
  if (name === "parameters") state.parameters.set(part, at);
  else pack(partition, vectorNamed(state, name), at, part);
}

/** The vectors of a state that is whole here. */
export function wholeState(state: TrainingState): StateAccess {
  return {
    length: state.parameters.length,
    names: vectorsIn(state),
    get step() {
      return state.step;
    },
    set step(value) {
      state.step = value;
    },
    read: async (name) => vectorNamed(state, name),
    async write(name, at, part) {
      vectorNamed(state, name).set(part, at);
    },
  };
}
