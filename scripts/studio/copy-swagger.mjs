/** Copies what the page of the API needs of Swagger UI into the build: dist/page/swagger. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const target = fileURLToPath(new URL("../../dist/page/swagger", import.meta.url));
await mkdir(target, { recursive: true });
for (const name of ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"]) {
  await copyFile(join(source, name), join(target, name.includes(".") ? name : `${name}.txt`));
}
// A script of its own: the page's policy allows none within the page.
await writeFile(
  join(target, "start.js"),
  'SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui" });\n',
);
