/** ONNX Runtime under Node: onnxruntime-node, an engine in a worker thread each. */
import { availableParallelism } from "node:os";
import { assertFits } from "../../node/memory.ts";
import { loweringFor, type Runtime } from "../runtime.ts";
import { createEngine } from "./engine.ts";
import { multipliesBytes } from "./int8.ts";

export const nodeRuntime: Runtime = {
  name: "onnxruntime-node",
  cores: availableParallelism(),
  // Photos of many sizes have windows of many sizes; an engine of a small model holds 100 MB.
  sizesKept: 4,
  lowering: loweringFor,
  readsInPlace: (device = "cpu") => device === "cpu",
  multipliesBytes,
  compile: createEngine,
  assertFits,
};
