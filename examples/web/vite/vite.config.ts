import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  // The package's own models are served as they are: `photos-64/config.json` and its weights.
  publicDir: "node_modules/palette-diffusion/models",
  build: { target: "es2023" },
  // The engines run in workers that load ONNX Runtime when they start.
  worker: { format: "es" },
  optimizeDeps: { exclude: ["palette-diffusion", "onnxruntime-web"] },
});
