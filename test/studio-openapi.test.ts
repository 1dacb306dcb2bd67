import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import createClient from "openapi-fetch";
import { expect, it } from "vitest";
import { openApiDocument } from "../src/studio/server/openapi.ts";
import { pictureFile, savedModel, withStudio } from "./support/studio.ts";
import type { paths } from "./support/studio-api.ts";
import { temporaryFiles } from "./support/temporary-files.ts";

const { at } = temporaryFiles("");
const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string) => readFile(root(path), "utf8");

it("docs/openapi.json and the client's types are those of the server (npm run docs:openapi)", async () => {
  const { version } = JSON.parse(await read("package.json"));
  expect(JSON.parse(await read("docs/openapi.json"))).toEqual(
    JSON.parse(JSON.stringify(openApiDocument(version))),
  );
  const types = execFileSync(process.execPath, [
    ...["--import", root("scripts/docs/typescript-for-typedoc.mjs")],
    ...[root("node_modules/openapi-typescript/bin/cli.js"), root("docs/openapi.json")],
  ]);
  const formatted = execFileSync(
    root("node_modules/.bin/biome"),
    ["format", "--stdin-file-path=test/support/studio-api.ts"],
    { input: types, cwd: root("."), encoding: "utf8" },
  );
  expect(formatted).toBe(await read("test/support/studio-api.ts"));
});

it("docs/api-http.md has a line of curl for every route", async () => {
  const { paths: described } = openApiDocument("0");
  const lines = (await read("docs/api-http.md"))
    .split("\n")
    .filter((line) => line.startsWith("curl "))
    .map((line) => line.replaceAll("$ID", "{id}").replaceAll("$PHOTO", "{id}"));
  for (const [path, methods] of Object.entries(described ?? {})) {
    const address = path.replace("{index}", "0").replace("{task}", "colorize");
    for (const method of Object.keys(methods)) {
      const shown = lines.some((line) => {
        const posts = / -F |content-type/.test(line);
        const sent = line.includes("-X DELETE") ? "delete" : posts ? "post" : "get";
        return sent === method && line.includes(`$URL${address}`) && !line.includes(`${address}/`);
      });
      expect([method, path, shown]).toEqual([method, path, true]);
    }
  }
});

it("a client generated from the description hands in, follows, fetches and cancels", async () => {
  const models = [await savedModel(at("model"))];
  await withStudio({ models }, async ({ url }) => {
    const api = createClient<paths>({ baseUrl: url });
    const photo = await pictureFile();
    const { data: served } = await api.GET("/api/v1/models");
    expect(served?.models[0]?.name).toBe("random");

    const { data: job, response } = await api.POST("/api/v1/jobs", {
      body: {
        ...{ task: "uncrop", image: photo.toString("base64") },
        options: { samples: 2, seed: 3, margins: { left: 1, right: 0, top: 0, bottom: 0 } },
      },
    });
    expect([response.status, job?.seed]).toEqual([202, 3]);
    const id = job?.id ?? "";
    const params = { path: { id } };
    const events = await api.GET("/api/v1/jobs/{id}/events", { params, parseAs: "text" });
    expect(events.data).toMatch(/event: done\n/);
    const { data: done } = await api.GET("/api/v1/jobs/{id}", { params });
    expect(done?.results.map(({ index }) => index)).toEqual([0, 1]);
    const result = await api.GET("/api/v1/jobs/{id}/results/{index}", {
      params: { path: { id, index: 1 }, query: { format: "webp", quality: 80 } },
      parseAs: "blob",
    });
    expect(result.data).toMatchObject({ type: "image/webp" });
    const deleted = await api.DELETE("/api/v1/jobs/{id}", { params });
    expect(deleted.response.status).toBe(204);
    const { error } = await api.GET("/api/v1/jobs/{id}", { params });
    expect(error).toMatchObject({
      status: 404,
      detail: expect.stringContaining("hand it in again"),
    });

    const answer = await api.POST("/api/v1/{task}", {
      params: { path: { task: "colorize" }, query: { format: "jpeg" } },
      body: { image: "" },
      bodySerializer: () => {
        const form = new FormData();
        form.set("image", new Blob([new Uint8Array(photo)]));
        return form;
      },
      parseAs: "blob",
    });
    expect(answer.data).toMatchObject({ type: "image/jpeg" });
    const { data: health } = await api.GET("/api/v1/health");
    expect(health?.status).toBe("ok");
  });
});
