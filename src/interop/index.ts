/** Networks of PyTorch projects in and out, and models as ONNX or safetensors files. */
export {
  type ExportedOnnx,
  type ExportedWeights,
  exportOnnx,
  exportSafetensors,
} from "./export-network.ts";
export { type ImportedNetwork, type ImportOptions, importNetwork } from "./import-network.ts";
