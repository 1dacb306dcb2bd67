/**
 * `palette-diffusion/pytorch`: networks of the PyTorch re-implementation of Palette in and out
 * (Janspiry/Palette-Image-to-Image-Diffusion-Models), and models as ONNX files. Node only.
 */
export {
  type ExportedOnnx,
  type ExportedWeights,
  exportOnnx,
  exportSafetensors,
  theirArguments,
  type ValueNote,
} from "./export-network.ts";
export { type WeightKind, weightKinds } from "./find-network.ts";
export { type ImportedNetwork, type ImportOptions, importNetwork } from "./import-network.ts";
