import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Threads and processes of the tests are compiled once, not each anew: see test/support/spawn.ts. */
const compiledThreads = {
  name: "compiled-threads",
  enforce: "pre" as const,
  resolveId: (module: string) =>
    module.endsWith("/spawn.ts") ? source("test/support/spawn.ts") : undefined,
};

/** Files that start programs, browsers or trainings come first: one that began last would run alone. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const long = /\/test\/(runtime|training|studio)\/|\/src\/(cli|training)\//;
    const ordered = await super.sort(files);
    return [
      ...ordered.filter(({ moduleId }) => long.test(moduleId)),
      ...ordered.filter(({ moduleId }) => !long.test(moduleId)),
    ];
  }
}

export default defineConfig({
  plugins: [compiledThreads],
  // The examples import the package by its name.
  resolve: {
    alias: {
      "palette-diffusion/client": source("src/studio/client/index.ts"),
      "palette-diffusion/graph": source("src/graph/index.ts"),
      "palette-diffusion/training": source("src/node/training.ts"),
      "palette-diffusion": source("src/node.ts"),
    },
  },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/*.test.ts", "bench/**/*.test.ts"],
    globalSetup: "test/support/compile.ts",
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
