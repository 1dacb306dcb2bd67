/** What a module loads: the graph of its static imports, read from the sources. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

// An import of types only is erased; `import { type A }` still loads the module.
const imports = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;

/** The packages that importing a source file loads, itself or through others; sorted. */
export async function packagesLoadedBy(entry: URL): Promise<string[]> {
  const packages = new Set<string>();
  const visited = new Set<string>();
  const visit = async (url: URL): Promise<void> => {
    if (visited.has(url.href)) return;
    visited.add(url.href);
    const source = await readFile(fileURLToPath(url), "utf8");
    for (const [, name] of source.matchAll(imports)) {
      if (name!.startsWith(".")) await visit(new URL(name!, url));
      else packages.add(nameOf(name!));
    }
  };
  await visit(entry);
  return [...packages].sort();
}

/** "pure-rand/generator/x" is of "pure-rand", "@scope/name/x" of "@scope/name". */
function nameOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
