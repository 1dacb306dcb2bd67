/** `palette studio`: the page and its API, until it is stopped. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isLoopback } from "../studio/server/guard.ts";
import type { Limits } from "../studio/server/limits.ts";
import { startStudio } from "../studio/server/server.ts";
import { reasonOf, UsageError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import type { StudioFlags } from "./commands/studio.ts";
import { log, say } from "./console.ts";
import { whileWaiting } from "./progress.ts";
import { stopped } from "./stopped.ts";

/** Serves until SIGINT or SIGTERM, and then finishes what runs. */
export async function studio(given: string | undefined, flags: StudioFlags): Promise<void> {
  const { host, port, model, threads, jobs, allowHost: allowedHosts } = flags;
  if (given !== undefined && flags.folder !== undefined) {
    throw new UsageError("Two folders were named; give one, as the argument or with --folder.");
  }
  const token = tokenOf(flags);
  const limits = limitsOf(flags);
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const server = await whileWaiting(
    "Starting",
    startStudio({
      ...omitUndefined({ port, token, allowedHosts, models: model, threads }),
      ...omitUndefined({ folder: given ?? flags.folder }),
      ...{ version, host, jobs, limits, otherPort: port === undefined },
      onBug: (error) => log(`palette: unexpected: ${error instanceof Error ? error.stack : error}`),
    }),
  );
  const address = token === undefined ? server.url : `${server.url}/?token=${token}`;
  say(address);
  if (!server.pageIsBuilt) log("The page is not built: run `npm run build`. The API works.");
  log("Ctrl-C stops it.");
  if (flags.open && server.pageIsBuilt && !process.env.CI) await openBrowser(address);
  await stopped();
  const { running, queued } = server.load();
  if (running + queued > 0) log("Finishing what runs; Ctrl-C again stops at once.");
  await server.stop(flags.grace * 1000);
}

/** @throws UsageError when others can reach the address and nothing is said of a token */
function tokenOf({ host, token, auth }: StudioFlags): string | undefined {
  if (token === true) return randomBytes(18).toString("base64url");
  if (token !== undefined) {
    if (/^[\w.~-]+$/.test(token)) return token;
    throw new UsageError("The token is a word of letters, digits and . _ ~ -; choose another.");
  }
  if (auth && !isLoopback(host)) {
    throw new UsageError(
      `Others can reach ${host}: ask them for a word with --token, or say --no-auth to let everybody in.`,
    );
  }
  return undefined;
}

function limitsOf({ queue, maxUpload, maxPixels, timeLimit }: StudioFlags): Partial<Limits> {
  const uploadBytes = Math.round(maxUpload * 2 ** 20);
  return {
    ...{ queue, uploadBytes, pixels: Math.round(maxPixels * 1e6) },
    ...{ jobTime: Math.round(timeLimit * 60_000), heldBytes: Math.max(8 * uploadBytes, 2 ** 29) },
  };
}

async function openBrowser(address: string): Promise<void> {
  try {
    const { default: open } = await import("open");
    const browser = await open(address);
    // That there is none says itself: the address was printed.
    browser.on("error", () => {});
  } catch (error) {
    log(`The browser does not open (${reasonOf(error)}); open the address above.`);
  }
}
