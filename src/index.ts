/**
 * What is the same on every platform. The package's entries are `node.ts` and `web.ts`, which add
 * files, codecs, models and a runtime.
 */

export type {
  LeftOut,
  PhotoReader,
  PhotoReadOptions,
  PhotoRecord,
  PhotoSet,
} from "./data/photo-reader.ts";

export type { Prediction } from "./diffusion/parameterization.ts";
export type { LevelSettings } from "./diffusion/samplers/levels.ts";
export {
  type BuiltInSampler,
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
export type {
  ChoiceSetting,
  choiceSetting,
  NumberSetting,
  numberSetting,
  Setting as SamplerSetting,
  Settings as SamplerSettings,
  SettingValues as SamplerSettingValues,
} from "./diffusion/samplers/settings.ts";

export type {
  DecodedImage,
  DecodeOptions,
  EncodeOptions,
  ImageCodec,
  ImageFormat,
  PlacedText,
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
  type RgbBytes,
  toBytes,
} from "./image/image.ts";
export { type JpegQuality, jpegQuality } from "./image/jpeg-quality.ts";
export {
  type MaskReading,
  type MaskSource,
  maskedShare,
  maskFromPixels,
  maskSources,
} from "./image/mask.ts";
export type { Size } from "./image/model-size.ts";
export type { MaskReadOptions, ReadMask } from "./image/photo-mask.ts";
export type { ByteSource } from "./models/byte-source.ts";
export type { ModelConfig, TrainingRecord } from "./models/config.ts";
export type { Model, StoredModel, WeightSource } from "./models/model.ts";
export { type Preset, presetNamed, presets } from "./models/presets.ts";
export {
  describeNetwork,
  type Layer,
  type NetworkDescription,
  type WeightPlace,
} from "./models/summary.ts";
export type { UNetConfig } from "./nn/config.ts";
export {
  type BuildOptions,
  type NetworkConfig,
  type NetworkDefinition,
  type NetworkInputs,
  networkInputs,
} from "./nn/network.ts";
export type { Initializer, ParameterSpec, Parameters } from "./nn/parameters.ts";
export { buildNetwork, parameterSpecs, registerNetwork } from "./nn/registry.ts";
export { uNet } from "./nn/unet.ts";
export type { Palette as CorePalette, PaletteOptions, SampleRequest } from "./pipeline/palette.ts";

export { type PanoramaOptions, panorama } from "./pipeline/panorama.ts";
export {
  type SamplingOptions,
  type SamplingProgress,
  samplingDefaults,
  type WalkStart,
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
  type OpenResidentSession,
  type OpenSession,
  type ResidentSession,
  type ResidentTensor,
  type Runtime,
  type SamplingPrecision,
  type Session,
  type SessionOptions,
  samplingPrecisions,
} from "./runtime/runtime.ts";
export type { DejpegOptions, JpegQualities } from "./tasks/dejpeg.ts";
export { type Margins, type Side, sides, type UncropOptions } from "./tasks/growth.ts";
export { type InpaintOptions, type RandomMask, randomMask } from "./tasks/inpaint.ts";
export {
  registeredTasks,
  registerTask,
  type TaskName,
  type TaskOptionsOf,
  taskNamed,
  tasks,
} from "./tasks/registry.ts";
export type { SharpenOptions } from "./tasks/sharpen.ts";
export type {
  Condition,
  compose,
  Demonstration,
  EnlargedFill,
  OptionsOf,
  Preparation,
  Task,
  TaskCliOption,
  TaskContext,
  TaskVariant,
  TaskVariants,
} from "./tasks/task.ts";
export { PaletteError, UsageError } from "./util/errors.ts";
export { Random, type SeedPart } from "./util/random.ts";
