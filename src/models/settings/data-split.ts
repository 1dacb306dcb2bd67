/** Which photos a model is trained on, and which are held out. */
import { z } from "zod";
import { fileWeightSchema } from "../../data/weights.ts";

/** Which photos a model knows: a `photosDigest` each folder, and the rule of those held out. */
export const photosRecord = z.object({ digests: z.array(z.string()), holdOut: z.string() });

export type PhotosRecord = z.infer<typeof photosRecord>;

export const dataSplitSchema = z.strictObject({
  /** Number of photos that examples are drawn from. */
  training: z.int().positive(),
  /** Number of photos never trained on. */
  heldOut: z.int().min(0),
  /** The rule of the held-out photos, see `splitHoldOut`. */
  holdOut: z.string(),
  /** The `photosDigest` of each folder, sorted. */
  digests: z.array(z.string()),
  /** How often photos are drawn, where not all equally often. */
  weights: z
    .strictObject({
      /** Of a folder's photos, by its digest. */
      folders: z.record(z.string(), z.number().min(0)).optional(),
      files: z.array(fileWeightSchema).optional(),
    })
    .optional(),
});
