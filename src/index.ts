/** The public API of palette-diffusion. */
export type { Prediction } from "./diffusion/parameterization.ts";
export { type Sampler, samplers } from "./diffusion/samplers/sample.ts";
export type { SamplerChoices, SamplerConfig } from "./diffusion/samplers/sampler-config.ts";
export { contactSheet, type SheetOptions, type SheetRow } from "./image/contact-sheet.ts";
export {
  type Box,
  createImage,
  createMask,
  fromBytes,
  type Image,
  type Mask,
  toBytes,
} from "./image/image.ts";
export { type JpegQuality, jpegQuality } from "./image/jpeg-quality.ts";
export { readMask } from "./image/mask.ts";
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
export type { ModelConfig, TrainingRecord } from "./models/config.ts";
export type { Model } from "./models/model.ts";
export { type Preset, presetNamed, presets } from "./models/presets.ts";
export { describeNetwork, type Layer, type NetworkDescription } from "./models/summary.ts";
export type { UNetConfig } from "./nn/config.ts";
export { type Photo, readImage, readPhoto } from "./node/decode-image.ts";
export {
  type EncodeOptions,
  encodeImage,
  type ImageFormat,
  writeImage,
} from "./node/encode-image.ts";
export { loadNetwork } from "./node/load-network.ts";
export {
  bundledModels,
  findModel,
  loadModel,
  loadModelConfig,
  saveModel,
} from "./node/model-folder.ts";
export { Palette, type PaletteOptions, type SampleRequest } from "./pipeline/palette.ts";
export { type PanoramaOptions, panorama } from "./pipeline/panorama.ts";
export {
  type SamplingOptions,
  type SamplingProgress,
  samplingDefaults,
} from "./pipeline/sampling-options.ts";
export type { Network, NetworkCall } from "./runtime/network.ts";
export { type Device, devices } from "./runtime/runtime.ts";
export { randomMask } from "./tasks/inpaint.ts";
export { taskNamed, tasks } from "./tasks/registry.ts";
export {
  type Condition,
  compose,
  type Side,
  type Task,
  type TaskName,
  type TaskOptions,
} from "./tasks/task.ts";
export { sides } from "./tasks/uncrop.ts";
export { PaletteError, UsageError } from "./util/errors.ts";
export { Random } from "./util/random.ts";
