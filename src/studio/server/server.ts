/** The studio's server: its parts put together, listening, and stopped in order. */
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { createAdaptorServer } from "@hono/node-server";
import { createApp } from "./app.ts";
import { ByteBudget } from "./byte-budget.ts";
import { EngineProcess } from "./engine-process.ts";
import type { Executor } from "./executor.ts";
import { Jobs } from "./jobs.ts";
import { defaultLimits, type Limits, studioDefaults } from "./limits.ts";
import { addressOf, listen } from "./listen.ts";
import { ServedModels } from "./models.ts";
import { PhotoFolder } from "./photo-folder.ts";
import { StaticFiles } from "./static-files.ts";

export interface StudioServerOptions {
  readonly version: string;
  readonly host?: string;
  /** 0 for any free one. */
  readonly port?: number;
  /** Another free port when this one is taken. */
  readonly otherPort?: boolean;
  readonly token?: string;
  /** Names besides its own that the server is reached by. */
  readonly allowedHosts?: readonly string[];
  /** Names or folders; default: the bundled models. */
  readonly models?: readonly string[];
  /** A folder of photos. */
  readonly folder?: string;
  /** Jobs at a time; default 1. */
  readonly jobs?: number;
  /** Threads of all networks together. */
  readonly threads?: number;
  readonly limits?: Partial<Limits>;
  /** What carries out jobs; default: as many processes as `jobs`. */
  readonly executors?: readonly Executor[];
  /** The page's files; default: those of the build. */
  readonly page?: string;
  readonly onBug?: (error: unknown) => void;
}

export interface StudioServer {
  /** Such as "http://127.0.0.1:7860". */
  readonly url: string;
  readonly pageIsBuilt: boolean;
  /** Jobs that wait, run and are kept; bytes of requests that are held. */
  readonly load: () => Jobs["counts"] & { readonly heldBytes: number };
  /**
   * Takes no new jobs, finishes those that run, lets their clients fetch the answers, and ends.
   * @param grace milliseconds for the jobs that run
   */
  stop(grace: number): Promise<void>;
}

/** From src/studio/server as from dist/studio/server. */
const builtPage = fileURLToPath(new URL("../../../dist/page", import.meta.url));

/**
 * Milliseconds that answers wait for their clients once the server is stopping, and for the last
 * bytes.
 */
const fetchTime = 5000;
const sendTime = 1000;

/** @throws PaletteError when a model or the folder is missing, or the address cannot be had */
export async function startStudio(options: StudioServerOptions): Promise<StudioServer> {
  const { version, host = studioDefaults.host, token, allowedHosts, onBug } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const models = await ServedModels.find(options.models ?? []);
  const folder = options.folder === undefined ? undefined : await PhotoFolder.open(options.folder);
  const page = await StaticFiles.list(options.page ?? builtPage);
  const jobs = new Jobs(options.executors ?? engines(options), limits);
  const budget = new ByteBudget(limits.heldBytes);
  const app = createApp({
    ...{ version, jobs, budget, limits, models, page, folder, onBug },
    guard: { host, ...(token !== undefined && { token }), ...(allowedHosts && { allowedHosts }) },
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    // The fetch of programs that start a server in their own process stays as it is.
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = 1000;
  const { port: wanted = studioDefaults.port, otherPort } = options;
  const port = await listen(server, host, wanted, otherPort).catch(async (error) => {
    await jobs.close();
    throw error;
  });
  return {
    url: addressOf(host, port),
    pageIsBuilt: page.has("/index.html"),
    load: () => ({ ...jobs.counts, heldBytes: budget.used }),
    async stop(grace) {
      await jobs.stop(grace, Math.min(fetchTime, grace));
      const closed = new Promise((resolve) => server.close(resolve));
      // What is being sent is sent.
      const late = setTimeout(() => server.closeAllConnections(), sendTime);
      await closed;
      clearTimeout(late);
      await jobs.close();
    },
  };
}

function engines({ jobs = 1, threads }: StudioServerOptions): Executor[] {
  const each = threads === undefined ? undefined : Math.max(1, Math.floor(threads / jobs));
  return Array.from(
    { length: jobs },
    () => new EngineProcess(each === undefined ? {} : { threads: each }),
  );
}
