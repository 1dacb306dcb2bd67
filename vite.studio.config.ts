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
    rolldownOptions: {
      output: {
        // The icon keeps its name: the API's page has it, too, and browsers that ask for /favicon.ico.
        assetFileNames: ({ names }) =>
          names.includes("icon.svg") ? "[name][extname]" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
