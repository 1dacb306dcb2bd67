import { beforeAll, describe, expect, it } from "vitest";
import { fuzzedRequest } from "../../../test/support/fuzzed-requests.ts";
import { pictureFile, savedModel, withStudio } from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { Random } from "../../util/random.ts";
import type { Problem } from "../client/index.ts";

const { at } = temporaryFiles("");
let models: string[];
let picture: Buffer;

beforeAll(async () => {
  models = [await savedModel(at("model"))];
  picture = await pictureFile();
});

function formOf(fields: Record<string, string | Uint8Array>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.set(name, value);
    else form.set(name, new Blob([new Uint8Array(value)]), "photo.png");
  }
  return form;
}

type Body = FormData | string | { readonly json: unknown } | undefined;
type Refused = readonly [
  what: string,
  path: string,
  body: () => Body,
  status: number,
  line: RegExp,
];

const jobs = "/api/v1/jobs";
const options = (value: object) => () =>
  formOf({ image: picture, task: "uncrop", options: JSON.stringify(value) });

const table: readonly Refused[] = [
  ["nothing", jobs, () => undefined, 415, /^Send multipart/],
  ["text", jobs, () => "hello", 415, /^Send multipart/],
  ["no image", jobs, () => formOf({ task: "colorize" }), 422, /There is no image/],
  ["no task", jobs, () => formOf({ image: picture }), 422, /^task: /],
  ["another task", jobs, () => formOf({ image: picture, task: "paint" }), 422, /^task: /],
  [
    "an image as text",
    jobs,
    () => formOf({ image: "x", task: "colorize" }),
    422,
    /image is not a file/,
  ],
  ["an unknown field", jobs, () => formOf({ image: picture, photo: "x" }), 422, /no field "photo"/],
  [
    "no picture",
    jobs,
    () => formOf({ image: Buffer.from("<svg/>"), task: "dejpeg" }),
    415,
    /^The image is not a picture/,
  ],
  [
    "an empty picture",
    jobs,
    () => formOf({ image: Buffer.alloc(0), task: "dejpeg" }),
    422,
    /^The image is empty/,
  ],
  [
    "a cut header",
    jobs,
    () => formOf({ image: picture.subarray(0, 20), task: "dejpeg" }),
    422,
    /broken/,
  ],
  ["no mask", jobs, () => formOf({ image: picture, task: "inpaint" }), 422, /needs a mask/],
  [
    "a mask that is none",
    jobs,
    () => formOf({ image: picture, mask: Buffer.from("x"), task: "inpaint" }),
    415,
    /^The mask is not/,
  ],
  [
    "options that are none",
    jobs,
    () => formOf({ image: picture, task: "dejpeg", options: "{" }),
    400,
    /^The options are no JSON/,
  ],
  [
    "a list of options",
    jobs,
    () => formOf({ image: picture, task: "dejpeg", options: "[]" }),
    422,
    /^options: /,
  ],
  ["an unknown option", jobs, options({ sample: 2 }), 422, /^options: there is no "sample"/],
  ["no samples", jobs, options({ samples: 0 }), 422, /^options\.samples: /],
  ["too many samples", jobs, options({ samples: 17 }), 422, /^options\.samples: /],
  ["half a step", jobs, options({ steps: 1.5 }), 422, /^options\.steps: /],
  ["a seed of words", jobs, options({ seed: "one" }), 422, /^options\.seed: /],
  [
    "an unknown sampler",
    jobs,
    options({ sampler: "euler" }),
    422,
    /no such sampler; they are dpm\+\+/,
  ],
  ["half a margin", jobs, options({ margins: { left: 1 } }), 422, /^options\.margins/],
  [
    "margins of nothing",
    jobs,
    options({ margins: { left: 0, right: 0, top: 0, bottom: 0 } }),
    422,
    /margins/,
  ],
  ["a scale too large", jobs, options({ scale: 9 }), 422, /^options\.scale/],
  [
    "two tasks",
    "/api/v1/dejpeg",
    () => formOf({ image: picture, task: "colorize" }),
    422,
    /another; leave it out/,
  ],
  ["an unknown task", "/api/v1/paint", () => formOf({ image: picture }), 404, /no such address/],
  [
    "an unknown format",
    "/api/v1/dejpeg?format=bmp",
    () => formOf({ image: picture }),
    422,
    /^query\.format/,
  ],
  [
    "no quality",
    "/api/v1/dejpeg?quality=0",
    () => formOf({ image: picture }),
    422,
    /^query\.quality/,
  ],
  ["JSON without an image", jobs, () => ({ json: { task: "dejpeg" } }), 422, /There is no image/],
  ["JSON that is no object", jobs, () => ({ json: null }), 422, /not an object/],
  [
    "no base64",
    jobs,
    () => ({ json: { task: "dejpeg", image: "abc*" } }),
    422,
    /image is not a file in base64/,
  ],
  [
    "an image of numbers",
    jobs,
    () => ({ json: { task: "dejpeg", image: [1, 2] } }),
    422,
    /image is not a file in base64/,
  ],
];

function ask(url: string, path: string, body: Body): Promise<Response> {
  if (body === undefined) return fetch(url + path, { method: "POST" });
  if (typeof body === "string" || body instanceof FormData) {
    return fetch(url + path, { method: "POST", body });
  }
  const headers = { "content-type": "application/json" };
  return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body.json) });
}

describe("a request that is wrong", () => {
  it("gets one line that says what to do", async () => {
    await withStudio({ models }, async ({ url, load }) => {
      for (const [what, path, body, status, line] of table) {
        const response = await ask(url, path, body());
        expect(response.headers.get("content-type"), what).toBe("application/problem+json");
        const problem = (await response.json()) as Problem;
        expect([what, problem.status, problem.detail]).toEqual([
          what,
          status,
          expect.stringMatching(line),
        ]);
        expect(response.status).toBe(status);
        expect(problem.detail).toMatch(/^[^\n]{10,300}[.?]?$/);
      }
      expect(load()).toEqual({ queued: 0, running: 0, kept: 0, heldBytes: 0 });
    });
  });

  it("has as many parts as it likes, at no cost", async () => {
    await withStudio({ models }, async ({ url }) => {
      const part = '--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n\r\n';
      const body = `${part.repeat(20_000)}--b--\r\n`;
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      const response = await fetch(url + jobs, { method: "POST", headers, body });
      expect([response.status, ((await response.json()) as Problem).detail]).toEqual([
        422,
        expect.stringMatching(/too many parts/),
      ]);
      for (const deep of ["[".repeat(1e6), `{"a":[${"0,".repeat(1e6)}0]}`]) {
        const json = { "content-type": "application/json" };
        const refused = await fetch(url + jobs, { method: "POST", headers: json, body: deep });
        expect(((await refused.json()) as Problem).detail).toMatch(
          /^The body is of too many parts/,
        );
      }
    });
  });

  it("of any kind breaks nothing and leaves nothing", async () => {
    const pictures = await Promise.all(
      (["png", "jpeg", "webp"] as const).map((format) => pictureFile(8, 6, format)),
    );
    const bugs: unknown[] = [];
    const options = { models, limits: { resultAge: 50 }, onBug: (bug: unknown) => bugs.push(bug) };
    await withStudio(options, async ({ url, load, client }) => {
      const random = Random.from("fuzzed requests");
      const statuses = new Map<number, number>();
      for (let n = 0; n < 400; n++) {
        const { path, body, ...init } = fuzzedRequest(pictures, random);
        const response = await fetch(url + path, {
          ...init,
          ...(body && { body: new Uint8Array(body) }),
        });
        const answer = await response.text();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        expect([path, answer, response.status < 500]).toEqual([path, answer, true]);
      }
      expect(bugs).toEqual([]);
      // Some were right after all, and many were not.
      expect(statuses.get(202)).toBeGreaterThan(5);
      expect(statuses.get(422)).toBeGreaterThan(50);
      expect((await client().health()).status).toBe("ok");
      await expect.poll(load).toEqual({ queued: 0, running: 0, kept: 0, heldBytes: 0 });
    });
  });
});
