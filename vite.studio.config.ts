import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The studio's page: static, every address relative, nothing inlined that a strict CSP forbids. */
export default defineConfig({
  root: path("src/studio/web"),
  base: "./",
  publicDir: false,
  build: {
    outDir: path("dist/page"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
