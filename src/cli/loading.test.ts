import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { packagesLoadedBy } from "../../test/support/module-graph.ts";

const source = (path: string) => new URL(path, import.meta.url);

it("shows the overview without loading an engine, an image library or schemas", async () => {
  const packages = await packagesLoadedBy(source("./main.ts"));
  expect(packages).toContain("commander");
  for (const heavy of ["onnxruntime-node", "sharp", "zod"]) expect(packages).not.toContain(heavy);
});

const declarations = await readdir(source("./commands"));

it.each(declarations)("declares the options of %s without an engine or images", async (file) => {
  const packages = await packagesLoadedBy(source(`./commands/${file}`));
  for (const heavy of ["onnxruntime-node", "sharp"]) expect(packages).not.toContain(heavy);
});

it("sees what the program loads in the end", async () => {
  const packages = await packagesLoadedBy(source("./restore.ts"));
  for (const heavy of ["sharp", "zod"]) expect(packages).toContain(heavy);
});
