/** `palette panorama`: a photo continued far to the left and to the right (the paper's Figure 2). */
import type { Command } from "commander";
import { overWhite } from "../image/image.ts";
import { panorama, panoramaDefaults, panoramaSize } from "../pipeline/panorama.ts";
import { wholeNumber } from "./arguments.ts";
import { log } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { answerOptions, photoArguments, type RestoreFlags, restoreFiles } from "./restore-files.ts";

interface Flags extends RestoreFlags {
  readonly left: number;
  readonly right: number;
}

export function panoramaCommand(program: Command): void {
  const command = photoArguments(
    program
      .command("panorama")
      .description("Continues a photo far to the left and right, half a window at a time."),
  );
  command
    .option(
      "--left <count>",
      "half windows added at the left",
      wholeNumber(0),
      panoramaDefaults.left,
    )
    .option(
      "--right <count>",
      "half windows added at the right",
      wholeNumber(0),
      panoramaDefaults.right,
    );
  answerOptions(command).action((names: string[], flags: Flags) =>
    interruptible((signal) => {
      const { left, right } = flags;
      return restoreFiles(names, {
        task: "panorama",
        flags,
        settings: { left, right },
        signal,
        async restore(palette, { image, alpha }, options, { path }) {
          if (alpha !== undefined) log(`${path}: what is transparent in it was made white.`);
          const photo = alpha === undefined ? image : overWhite(image, alpha);
          return { images: await panorama(palette, photo, { ...options, left, right }) };
        },
        sizeOf: ({ image }, { resolution }) => panoramaSize(image, resolution, { left, right }),
      });
    }),
  );
}
