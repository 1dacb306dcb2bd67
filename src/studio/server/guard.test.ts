import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { savedModel, withStudio } from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { isLoopback } from "./guard.ts";
import type { StudioServerOptions } from "./server.ts";

const { at } = temporaryFiles("");
let models: string[];

beforeAll(async () => {
  models = [await savedModel(at("model"))];
  await mkdir(at("page/assets"), { recursive: true });
  await writeFile(at("page/index.html"), "<!doctype html><title>studio</title>");
  await writeFile(at("page/assets/index-Ab3_k2Lw.js"), "export {};");
  await writeFile(at("secret.txt"), "secret");
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** As raw as it is written: fetch would mend paths and keep its own headers. */
function ask(url: string, path: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      let body = "";
      response.on("data", (part) => (body += part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

const studio = (options: Partial<StudioServerOptions>, work: (url: string) => Promise<void>) =>
  withStudio({ models, page: at("page"), ...options }, ({ url }) => work(url));

const health = "/api/v1/health";

describe("the guard", () => {
  it("answers its own host names only", async () => {
    await studio({ allowedHosts: ["photos.example"] }, async (url) => {
      const { port } = new URL(url);
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "LOCALHOST", "photos.example"])
        expect((await ask(url, health, { host })).status, host).toBe(200);
      for (const host of [`evil.example:${port}`, "10.0.0.1", "localhost.evil.example"])
        expect((await ask(url, health, { host })).status, host).toBe(403);
    });
  });

  it("refuses requests of other sites", async () => {
    await studio({}, async (url) => {
      const own = { origin: url, "sec-fetch-site": "same-origin" };
      expect((await ask(url, health, own)).status).toBe(200);
      const others: Record<string, string>[] = [
        { origin: "http://evil.example" },
        { origin: "null" },
        { origin: url.replace("http", "ftp") },
        { origin: `${url}.evil.example` },
        { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
        { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" },
      ];
      for (const headers of others) {
        for (const method of ["GET", "POST", "DELETE"]) {
          const { status } = await ask(url, "/api/v1/jobs", { ...headers }, method);
          expect(status, JSON.stringify(headers)).toBe(403);
        }
      }
      const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
      expect((await ask(url, "/", link)).status).toBe(200);
      expect((await ask(url, "/api/v1/colorize", link, "POST")).status).toBe(403);
    });
  });

  it("asks for the token, and takes it as header, in the address and as cookie", async () => {
    await studio({ token: "s3cret" }, async (url) => {
      for (const [path, headers] of [
        [health, {}],
        ["/", {}],
        ["/openapi.json", {}],
        [`${health}?token=wrong`, {}],
        [health, { authorization: "Bearer s3cre" }],
        [health, { authorization: "Basic s3cret" }],
        [health, { cookie: `palette-pass-${new URL(url).port}=s3cret` }],
      ] as const) {
        const { status, body } = await ask(url, path, { ...headers });
        expect([status, JSON.parse(body).detail]).toEqual([401, expect.stringMatching(/token/)]);
      }
      expect((await ask(url, "/?token=s3cret", {}, "POST")).status).toBe(401);
      expect((await ask(url, health, { authorization: "Bearer s3cret" })).status).toBe(200);
      const entered = await ask(url, "/?token=s3cret");
      expect([entered.status, entered.headers.location]).toEqual([303, "/"]);
      const [cookie = ""] = entered.headers["set-cookie"] as string[];
      expect(cookie).toMatch(
        /^palette-pass-\d+=.*; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
      );
      expect(cookie).not.toContain("s3cret");
      expect((await ask(url, health, { cookie: cookie.split(";")[0]! })).status).toBe(200);
    });
  });

  it("lets nothing run that is not its own, nor guesses types, on any answer", async () => {
    await studio({}, async (url) => {
      for (const path of ["/", "/api/v1/models", "/nowhere", "/api/v1/jobs/none"]) {
        const { headers } = await ask(url, path);
        const policy = String(headers["content-security-policy"]);
        expect(policy).toContain("default-src 'self'");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toContain("unsafe");
        expect(headers["x-content-type-options"]).toBe("nosniff");
        expect(headers["access-control-allow-origin"]).toBeUndefined();
      }
    });
  });

  it("serves the page's files, the hashed ones for good, and no others", async () => {
    await studio({}, async (url) => {
      const page = await ask(url, "/");
      expect(page.headers).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
      });
      expect((await ask(url, "/assets/index-Ab3_k2Lw.js")).headers).toMatchObject({
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=31536000, immutable",
      });
      for (const path of [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//secret.txt",
        "/secret.txt%00",
        "/%",
        "/assets",
      ]) {
        const { status, body } = await ask(url, path);
        expect([path, status]).toEqual([path, 404]);
        expect(body).not.toContain("secret\n");
      }
    });
    await studio({ page: at("none") }, async (url) => {
      expect((await ask(url, "/")).body).toMatch(/not built: run `npm run build`/);
      expect((await ask(url, "/api")).body).toMatch(/not built/);
    });
  });

  it("knows which addresses only this machine reaches", () => {
    expect(["127.0.0.1", "127.1.2.3", "localhost", "::1"].every(isLoopback)).toBe(true);
    expect(["0.0.0.0", "::", "192.168.1.2", "studio.local", ""].some(isLoopback)).toBe(false);
  });
});
