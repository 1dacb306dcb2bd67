/**
 * The package as `compile.ts` has compiled it. A program or thread of TypeScript compiles its
 * modules anew each time it starts, which takes several times as long as all else that it does
 * here.
 */
import { fileURLToPath } from "node:url";

export const packageFolder = new URL("../../", import.meta.url);

/** As deep as `src`, so that what modules look for beside the sources is found. */
export const compiledFolder = new URL(".compiled/", packageFolder);

/** The program `palette`, to be run by Node. */
export const program = fileURLToPath(new URL("cli/main.js", compiledFolder));

/** The compiled file of a module of `src`; undefined for modules elsewhere. */
export function compiledModule(module: URL): URL | undefined {
  const sources = new URL("src/", packageFolder).href;
  if (!module.href.startsWith(sources)) return undefined;
  return new URL(module.href.slice(sources.length).replace(/\.ts$/, ".js"), compiledFolder);
}
