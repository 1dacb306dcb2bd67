/** What a model keeps to be sampled in 8 bits: what `palette calibrate` found out. */
import { z } from "zod";

const range = z
  .tuple([z.number(), z.number()])
  .refine(([least, most]) => least <= most, { error: "a range goes up" })
  .readonly();

export const int8Schema = z.strictObject({
  /** Images that the ranges are of. */
  images: z.int().positive(),
  /** Mean squared difference to the output in float32, of images that the ranges are not of. */
  error: z.number().min(0),
  /** Of the convolutions in int8, by their places in the network; the others stay float32. */
  ranges: z.record(z.string(), z.strictObject({ input: range, output: range })),
});

/** What is said of a model that has none. */
export const notCalibrated = (name: string): string =>
  `${name} has not been calibrated for int8: palette calibrate makes a model that is.`;

export type Int8Settings = z.infer<typeof int8Schema>;
