/** ONNX Runtime in a page: onnxruntime-web, an engine in a Web Worker each. */
import { loweringFor, type Runtime } from "../runtime.ts";
import { createEngine } from "./engine.ts";

export const webRuntime: Runtime = {
  name: "onnxruntime-web",
  cores: globalThis.navigator?.hardwareConcurrency ?? 1,
  // WebAssembly's memory never shrinks, so engines that are not needed end.
  sizesKept: 1,
  lowering: loweringFor,
  compile: createEngine,
  // A page cannot tell how much memory is free.
  assertFits: () => {},
};
