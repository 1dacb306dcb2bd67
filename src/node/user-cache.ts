/** The folder for what can be had again: downloaded feature networks and computed features. */
import { join, resolve } from "node:path";
import envPaths from "env-paths";

/**
 * The user's cache folder: $PALETTE_CACHE, otherwise the platform's (~/.cache/palette-diffusion or
 * below $XDG_CACHE_HOME, ~/Library/Caches/palette-diffusion,
 * %LOCALAPPDATA%\palette-diffusion\Cache).
 */
export function userCache(folder: "nets" | "features"): string {
  const own = process.env.PALETTE_CACHE;
  const cache = own ? resolve(own) : envPaths("palette-diffusion", { suffix: "" }).cache;
  return join(cache, folder);
}
