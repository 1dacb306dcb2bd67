/** Where this package keeps what it can get again: downloaded networks and computed features. */
import { join, resolve } from "node:path";
import envPaths from "env-paths";

/**
 * The user's cache folder: $PALETTE_CACHE, otherwise the platform's (~/.cache/palette-diffusion or
 * below $XDG_CACHE_HOME, ~/Library/Caches/palette-diffusion, %LOCALAPPDATA%\palette-diffusion\Cache).
 */
export function userCache(): string {
  const own = process.env.PALETTE_CACHE;
  return own ? resolve(own) : envPaths("palette-diffusion", { suffix: "" }).cache;
}

/** Where `palette nets get` puts networks. */
export const userNetworks = (): string => join(userCache(), "nets");

/** Where `cached` keeps features. */
export const userFeatures = (): string => join(userCache(), "features");
