/** A study's server: its parts put together, listening, and stopped. */
import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAdaptorServer } from "@hono/node-server";
import { paddedPng } from "../../node/padded-png.ts";
import { addressOf, listen } from "../../studio/server/listen.ts";
import { StaticFiles } from "../../studio/server/static-files.ts";
import { UsageError } from "../../util/errors.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { type Study, studyFiles } from "../settings.ts";
import { createStudyApp } from "./app.ts";
import { StudyStore } from "./store.ts";

export const studyServerDefaults = { host: "127.0.0.1", port: 7870 } as const;

export interface StudyServerOptions {
  /** The folder of the study. */
  readonly folder: string;
  readonly study: Study;
  readonly host?: string;
  /** 0 for any free one. */
  readonly port?: number;
  /** Another free port when this one is taken. */
  readonly otherPort?: boolean;
  /** The address that subjects open, as behind a proxy: "https://example.org/study/". */
  readonly publicUrl?: string;
  /** So many personal links. */
  readonly links?: number;
  /** Whether one may take part without; default: where no personal links are asked for. */
  readonly open?: boolean;
  /** The page's files; default: those of the build. */
  readonly page?: string;
  readonly onBug?: (error: unknown) => void;
}

export interface StudyServer {
  /** That subjects open; ends with a slash. */
  readonly url: string;
  /** Where it listens, such as "http://127.0.0.1:7870". */
  readonly address: string;
  /** Personal links. */
  readonly links: readonly string[];
  readonly pageIsBuilt: boolean;
  stop(): Promise<void>;
}

/** From src/study/server as from dist/study/server. */
const builtPage = fileURLToPath(new URL("../../../dist/study-page", import.meta.url));

/** @throws PaletteError when the votes cannot be opened or the address cannot be had */
export async function startStudyServer(options: StudyServerOptions): Promise<StudyServer> {
  const { folder, study, host = studyServerDefaults.host, links = 0, onBug } = options;
  const outside = options.publicUrl === undefined ? undefined : publicAddress(options.publicUrl);
  const page = await StaticFiles.list(options.page ?? builtPage);
  const store = new StudyStore(join(folder, studyFiles.votes), study);
  const app = createStudyApp({
    ...{ study, store, page, open: options.open ?? links === 0 },
    base: outside?.pathname ?? "/",
    sheet: async (digest) =>
      paddedPng(await readFile(join(folder, studyFiles.sheet(digest))), study.made.sheetBytes),
    guard: { host, ...(outside && { allowedHosts: [outside.hostname] }) },
    ...omitUndefined({ onBug }),
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    // The fetch of programs that start a server in their own process stays as it is.
    overrideGlobalObjects: false,
  }) as Server;
  const { port: wanted = studyServerDefaults.port, otherPort } = options;
  const port = await listen(server, host, wanted, otherPort).catch((error) => {
    store.close();
    throw error;
  });
  const address = addressOf(host, port);
  const url = outside?.href ?? `${address}/`;
  return {
    ...{ url, address },
    links: store.links(links).map((token) => `${url}#${token}`),
    pageIsBuilt: page.has("/index.html"),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      // No request takes long: what is open is idle.
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(late);
      store.close();
    },
  };
}

/** @throws UsageError unless it is an address of the web */
function publicAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new UsageError(`"${text}" is no address; write one such as https://example.org/study/.`);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
