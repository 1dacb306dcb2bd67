/**
 * Writes the description of the studio's API, docs/openapi.json, and from it the types of the
 * client that the tests generate: `npm run docs:openapi`.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../../src/studio/server/openapi.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const description = at("docs/openapi.json");
writeFileSync(description, `${JSON.stringify(openApiDocument("0.1.0"), null, 2)}\n`);
const arguments_ = ["--import", at("scripts/docs/typescript-for-typedoc.mjs")];
const generator = at("node_modules/openapi-typescript/bin/cli.js");
const types = at("test/support/studio-api.ts");
execFileSync(process.execPath, [...arguments_, generator, description, "-o", types], {
  stdio: "inherit",
});
execFileSync(at("node_modules/.bin/biome"), ["check", "--write", description, types], {
  stdio: "inherit",
});
