import { defineConfig } from "vite";
import { pageConfig } from "./scripts/studio/page-config.ts";

/** The page of the studio's server. */
export default defineConfig(pageConfig("dist/page"));
