/**
 * The package in a browser: models come from URLs, onnxruntime-web computes in Web Workers. The
 * page installs onnxruntime-web.
 */
export * from "./index.ts";
export {
  type AdapterDescription,
  chooseDevice,
  type DeviceChoice,
  type DeviceReason,
  deviceReasons,
  type WebDevice,
  webDevices,
} from "./runtime/web/choose-device.ts";
export { webRuntime } from "./runtime/web/index.ts";
export { canvasCodec } from "./web/canvas-codec.ts";
export { loadModel, loadNetwork, openModel, type WebNetworkOptions } from "./web/load-network.ts";
export { MemoryError } from "./web/memory.ts";
export {
  type BrowserModel,
  type FetchModelOptions,
  type FetchProgress,
  fetchModel,
  forgetModel,
  type KeptModel,
  openModelFiles,
  openStoredModel,
  storedModels,
} from "./web/model-store.ts";
export { Palette, type WebPaletteOptions } from "./web/palette.ts";
