/** Compiles the package before the tests, for the programs and threads that they start. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiledFolder, packageFolder } from "./compiled.ts";

/** About a second, and less when little has changed; types are checked elsewhere. */
export function compilePackage(): void {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const folder = fileURLToPath(compiledFolder);
  execFileSync(
    process.execPath,
    [
      join(dirname(manifest), "bin", "tsc"),
      ...["-p", "tsconfig.build.json", "--noCheck", "--declaration", "false", "--outDir", folder],
      ...["--incremental", "--tsBuildInfoFile", join(folder, "tsconfig.tsbuildinfo")],
    ],
    { cwd: fileURLToPath(packageFolder), stdio: ["ignore", "inherit", "inherit"] },
  );
}

/** Vitest's global setup. */
export const setup = compilePackage;
