import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { packagesLoadedBy } from "../../test/support/module-graph.ts";

const source = (path: string) => new URL(path, import.meta.url);

it("shows the overview without loading an engine or schemas", async () => {
  const packages = await packagesLoadedBy(source("./main.ts"));
  expect(packages).toContain("commander");
  for (const heavy of ["onnxruntime-node", "zod"]) expect(packages).not.toContain(heavy);
});

const declarations = await readdir(source("./commands"));

it.each(declarations)("declares the options of %s without an engine", async (file) => {
  const packages = await packagesLoadedBy(source(`./commands/${file}`));
  expect(packages).not.toContain("onnxruntime-node");
});

it("sees what the program loads in the end", async () => {
  const packages = await packagesLoadedBy(source("./restore.ts"));
  for (const heavy of ["sharp", "zod"]) expect(packages).toContain(heavy);
});
