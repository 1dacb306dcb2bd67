/**
 * What is the same on every platform. The package's entries are `node.ts` and `web.ts`, which add
 * files, codecs, models and a runtime.
 */

export type { PhotoReader } from "./data/photo-reader.ts";
export type { Prediction } from "./diffusion/parameterization.ts";
export {
  registerSampler,
  type SamplerName,
  samplers,
} from "./diffusion/samplers/registry.ts";
export {
  type AddNoise,
  type Denoise,
  defineSampler,
  type Sampler,
} from "./diffusion/samplers/sampler.ts";
export {
  resolveSampler,
  type SamplerChoices,
  type SamplerConfig,
} from "./diffusion/samplers/sampler-config.ts";
export { choiceSetting, numberSetting } from "./diffusion/samplers/settings.ts";
export type {
  DecodedImage,
  DecodeOptions,
  EncodeOptions,
  ImageCodec,
  ImageFormat,
  TextRasterizer,
} from "./image/codec.ts";
export type { SheetOptions, SheetRow } from "./image/contact-sheet.ts";
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
export type { ByteSource } from "./models/byte-source.ts";
export type { ModelConfig, TrainingRecord } from "./models/config.ts";
export type { Model, StoredModel, WeightSource } from "./models/model.ts";
export { type Preset, presetNamed, presets } from "./models/presets.ts";
export { describeNetwork, type Layer, type NetworkDescription } from "./models/summary.ts";
export type { UNetConfig } from "./nn/config.ts";
export type { PaletteOptions, SampleRequest } from "./pipeline/palette.ts";
export { type PanoramaOptions, panorama } from "./pipeline/panorama.ts";
export {
  type SamplingOptions,
  type SamplingProgress,
  samplingDefaults,
} from "./pipeline/sampling-options.ts";
export {
  createNetwork,
  type Network,
  type NetworkCall,
  type NetworkOptions,
} from "./runtime/network.ts";
export {
  type Device,
  devices,
  type Engine,
  type EngineTensor,
  type EngineTensors,
  type Lowering,
  type Runtime,
  type SessionOptions,
} from "./runtime/runtime.ts";
export { randomMask } from "./tasks/inpaint.ts";
export {
  registerTask,
  type TaskName,
  type TaskOptionsOf,
  taskNamed,
  tasks,
} from "./tasks/registry.ts";
export {
  type Condition,
  compose,
  type Demonstration,
  type Task,
  type TaskCliOption,
  type TaskContext,
  type TaskVariants,
} from "./tasks/task.ts";
export { type Side, sides } from "./tasks/uncrop.ts";
export { PaletteError, UsageError } from "./util/errors.ts";
export { Random } from "./util/random.ts";
