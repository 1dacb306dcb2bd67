import { fileURLToPath } from "node:url";
import { mergeConfig } from "vite";
import studio from "./vite.studio.config.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The page of a study, built as the studio's. */
export default mergeConfig(studio, {
  root: path("src/study/web"),
  build: { outDir: path("dist/study-page") },
});
