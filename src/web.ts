/**
 * The package in a browser: models come from URLs, onnxruntime-web computes in Web Workers. The
 * page installs onnxruntime-web.
 */
export * from "./index.ts";
export { webRuntime } from "./runtime/web/index.ts";
export { canvasCodec } from "./web/canvas-codec.ts";
export { loadModel, loadNetwork, openModel } from "./web/load-network.ts";
export { Palette } from "./web/palette.ts";
