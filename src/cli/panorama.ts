/**
 * `palette panorama`: a photo continued far to the left and to the right (the paper's Figure 2).
 */
import { overWhite } from "../image/image.ts";
import { panorama, panoramaSize } from "../pipeline/panorama.ts";
import type { PanoramaFlags } from "./commands/panorama.ts";
import { log } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { restoreFiles } from "./restore-files.ts";

/** Makes a panorama of each photo. */
export function continuePhotos(names: readonly string[], flags: PanoramaFlags): Promise<void> {
  const { left, right } = flags;
  return interruptible((signal) =>
    restoreFiles(names, {
      task: "panorama",
      sampledTask: "uncrop",
      flags,
      settings: { left, right },
      keepsPixels: true,
      signal,
      async restore(palette, { image, alpha }, options, { path }) {
        if (alpha !== undefined) log(`${path}: what is transparent in it was made white.`);
        const photo = alpha === undefined ? image : overWhite(image, alpha);
        return { images: await panorama(palette, photo, { ...options, left, right }) };
      },
      sizeOf: ({ image }, palette) =>
        panoramaSize(image, palette.resolution, {
          ...{ left, right, sharpen: palette.sharpens(flags) },
        }),
    }),
  );
}
