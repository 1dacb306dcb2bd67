/** Where this package keeps what can be had again. */
import { resolve } from "node:path";
import envPaths from "env-paths";

/**
 * A folder for downloaded networks, computed features, unpacked models, or what tar files hold: in
 * $PALETTE_CACHE, otherwise in the user's cache (~/.cache/palette-diffusion or below
 * $XDG_CACHE_HOME, ~/Library/Caches/palette-diffusion, %LOCALAPPDATA%\palette-diffusion\Cache).
 */
export function userCache(folder: "nets" | "features" | "models" | "shards"): string {
  const { PALETTE_CACHE: own } = process.env;
  return resolve(own || envPaths("palette-diffusion", { suffix: "" }).cache, folder);
}
