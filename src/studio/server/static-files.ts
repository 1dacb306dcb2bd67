/**
 * The page's files. They are listed when the server starts, and a request is looked up in that
 * list: no path of a request reaches the file system.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

interface StaticFile {
  readonly path: string;
  readonly type: string;
  /** Its name changes with its content. */
  readonly hashed: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** As Vite names what it bundles: `/assets/index-Bx3_k2Lw.js`. */
const hash = /^\/assets\/.*-[\w-]{8}\.\w+$/;

export class StaticFiles {
  private readonly files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.files = files;
  }

  /** The regular files in a folder and its folders; none when there is no such folder. */
  static async list(folder: string): Promise<StaticFiles> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = new Map<string, StaticFile>();
    for (const entry of entries) {
      const type = types[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const address = `/${relative(folder, path).split(sep).join("/")}`;
      files.set(address, { path, type, hashed: hash.test(address) });
    }
    return new StaticFiles(files);
  }

  has(address: string): boolean {
    return this.files.has(address);
  }

  /** The file at an address such as "/index.html"; undefined when there is none. */
  async respond(address: string): Promise<Response | undefined> {
    const file = this.files.get(address);
    if (file === undefined) return undefined;
    const cache = file.hashed ? "public, max-age=31536000, immutable" : "no-cache";
    return new Response(new Uint8Array(await readFile(file.path)), {
      headers: { "content-type": file.type, "cache-control": cache },
    });
  }
}
