/** Where a server listens. */
import type { Server } from "node:http";
import { PaletteError, reasonOf } from "../../util/errors.ts";

/**
 * @param port 0 for any free one
 * @param otherPort another free one when this one is taken
 * @returns the port
 * @throws PaletteError when the address cannot be had
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  otherPort = false,
): Promise<number> {
  const attempt = (at: number) =>
    new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, host, () => {
        server.off("error", reject);
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : at);
      });
    });
  try {
    return await attempt(port);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (taken && otherPort) return attempt(0);
    throw new PaletteError(
      taken
        ? `Port ${port} of ${host} is taken; name another with --port.`
        : `${host}:${port} cannot be listened at (${reasonOf(error)}); name another with --host and --port.`,
      { cause: error },
    );
  }
}

/** Such as "http://127.0.0.1:7860". */
export function addressOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
