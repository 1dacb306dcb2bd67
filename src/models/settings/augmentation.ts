/** How training photos are varied before a task degrades them. */
import { z } from "zod";
import { cropScales } from "../../data/crop-scale.ts";
import { jpegQualities } from "../../tasks/dejpeg.ts";
import { cliOptions } from "./cli-option.ts";

export const augmentationSchema = z.strictObject({
  /** Which part of a photo a crop shows. */
  cropScale: z.enum(cropScales).register(cliOptions, {
    flag: "--crop-scale <from..to>",
    description:
      "which part of a photo a crop shows: its own pixels or half of it, to all of it (default: own..full)",
  }),
  /**
   * Of a task's crops, by its name, the share that shows a photo's own pixels; the others are as
   * `cropScale` draws them.
   */
  ownPixels: z.record(z.string(), z.number().min(0).max(1)).optional(),
  /** From which JPEG qualities the tasks draw. */
  jpegQuality: z.enum(jpegQualities).register(cliOptions, {
    flag: "--jpeg-quality <range>",
    description: "paper: 5 to 30; wide: a quarter up to 95, and some saved twice (default: paper)",
  }),
  /** Share of the pictures shown in black and white to all tasks but colorization. */
  gray: z.number().min(0).max(1).register(cliOptions, {
    flag: "--gray <share>",
    description: "share of the pictures shown in black and white, colorization apart (default: 0)",
    expects: "a number from 0 to 1",
  }),
  /** Whether each crop gets another aspect and tone. */
  vary: z.boolean().register(cliOptions, {
    flag: "--vary",
    description: "give each crop another aspect and tone: for a few hundred photos or less",
  }),
});

export type Augmentation = z.infer<typeof augmentationSchema>;

/** What a new training does unless told otherwise. */
export const defaultAugmentation: Augmentation = {
  cropScale: "own..full",
  jpegQuality: "paper",
  gray: 0,
  vary: false,
};
