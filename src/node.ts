/** The package under Node: photos are files, models are folders, onnxruntime-node computes. */

export * from "./index.ts";
export {
  type ExportedOnnx,
  type ExportedWeights,
  exportOnnx,
  exportSafetensors,
} from "./interop/export-network.ts";
export {
  type ImportedNetwork,
  type ImportOptions,
  importNetwork,
} from "./interop/import-network.ts";
export { nodeCodec, photoFiles } from "./node/codec.ts";
export { type ImageInput, type Photo, readImage, readPhoto } from "./node/decode-image.ts";
export { contactSheet } from "./node/draw-text.ts";
export { encodeImage, type WriteOptions, writeImage } from "./node/encode-image.ts";
export type { ExifDates, ImageMetadata } from "./node/image-metadata.ts";
export { loadNetwork } from "./node/load-network.ts";
export {
  bundledModels,
  findModel,
  loadModel,
  loadModelConfig,
  saveModel,
} from "./node/model-folder.ts";
export { Palette } from "./node/palette.ts";
export { readMask } from "./node/read-mask.ts";
export { planTraining, type TrainingRequest, train } from "./node/training.ts";
export { nodeRuntime } from "./runtime/node/index.ts";
