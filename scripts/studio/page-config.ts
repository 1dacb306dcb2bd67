/**
 * How Vite builds the studio's page: static, every address relative, nothing inlined that a strict
 * policy forbids. For the studio's server, or as a site that restores by itself.
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { InlineConfig, PluginOption } from "vite";

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

export function pageConfig(
  outDir: string,
  {
    site = false,
    plugins = [],
  }: { readonly site?: boolean; readonly plugins?: PluginOption[] } = {},
): InlineConfig {
  return {
    root: path("src/studio/web"),
    base: "./",
    publicDir: false,
    plugins,
    define: { BUILT_AS_SITE: JSON.stringify(site) },
    worker: { format: "es" },
    build: {
      outDir: resolve(path("."), outDir),
      emptyOutDir: true,
      target: "es2023",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        output: {
          // The icon keeps its name: the API's page has it, too, and browsers that ask for
          // /favicon.ico.
          assetFileNames: ({ names }) =>
            names.includes("icon.svg") ? "[name][extname]" : "assets/[name]-[hash][extname]",
        },
      },
    },
  };
}
