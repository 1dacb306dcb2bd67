/** The public API of palette-diffusion. */
export type { Prediction } from "./diffusion/prediction.ts";
export type { Drawing, DrawingChoices } from "./diffusion/samplers/drawing.ts";
export { type Sampler, samplers } from "./diffusion/samplers/sample.ts";
export { type Device, devices } from "./engine/session.ts";
export { PaletteError, UsageError } from "./errors.ts";
export {
  type ExportedOnnx,
  type ExportedWeights,
  exportOnnx,
  exportSafetensors,
} from "./exchange/export-network.ts";
export {
  type ImportedNetwork,
  type ImportOptions,
  importNetwork,
} from "./exchange/import-network.ts";
export { type Photo, readImage, readPhoto } from "./images/decode.ts";
export {
  type EncodeOptions,
  encodeImage,
  type ImageFormat,
  writeImage,
} from "./images/encode.ts";
export {
  type Box,
  createImage,
  createMask,
  fromBytes,
  type Image,
  type Mask,
  toBytes,
} from "./images/image.ts";
export { type JpegQuality, jpegQuality } from "./images/jpeg-quality.ts";
export { readMask } from "./images/mask.ts";
export { contactSheet, type SheetOptions, type SheetRow } from "./images/sheet.ts";
export type { ModelConfig, TrainingRecord } from "./models/config.ts";
export { describeNetwork, type Layer, type NetworkDescription } from "./models/describe.ts";
export {
  bundledModels,
  findModel,
  loadModel,
  loadModelConfig,
  type Model,
  saveModel,
} from "./models/model-folder.ts";
export { loadNetwork, type Network, type NetworkCall } from "./models/network.ts";
export { type Preset, presetNamed, presets } from "./models/presets.ts";
export type { UNetConfig } from "./nn/config.ts";
export { Palette, type PaletteOptions, type Question } from "./palette.ts";
export { type PanoramaOptions, panorama } from "./panorama.ts";
export { Random } from "./random.ts";
export { type RestoreOptions, type RestoreStep, restoreDefaults } from "./restore-options.ts";
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
