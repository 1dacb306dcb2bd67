/** What a request may ask for: the limits of `StudioOptions`, field by field. */
import { z } from "zod";
import { type StudioOptions, studioTasks } from "../web/restorer.ts";

/** The largest of each number that a request can name. */
export const limits = {
  samples: 16,
  steps: 2000,
  /** Pixels that a side grows by. */
  margin: 65_535,
  widen: 6,
  scale: { least: 2, most: 8 },
} as const;

export const taskSchema = z
  .enum(studioTasks)
  .meta({ id: "Task", description: "What is done to the photo, named as the commands are." });

const margin = z.int().min(0).max(limits.margin);

export const marginsSchema = z
  .strictObject({ left: margin, right: margin, top: margin, bottom: margin })
  .meta({ id: "Margins", description: "Pixels that the photo grows by at each side." });

export const optionsSchema = z
  .strictObject({
    model: z.string().min(1).max(200).optional().meta({
      description: "A model's name; default: the first of /api/v1/models.",
    }),
    samples: z.int().min(1).max(limits.samples).optional().meta({
      description: "Answers; default 1. Answer k is the same in any number of them.",
    }),
    steps: z.int().min(1).max(limits.steps).optional().meta({
      description: "Network calls an answer; default: the model's for the task.",
    }),
    seed: z.int().optional().meta({
      description: "The same seed gives the same answers; default: a new one.",
    }),
    sampler: z.string().min(1).max(50).optional().meta({
      description: "A sampler's name; default: the model's own.",
    }),
    mean: z.boolean().optional().meta({
      description: "The posterior mean in one network call: nothing is invented.",
    }),
    sharpen: z.boolean().optional().meta({
      description:
        "inpaint, uncrop, panorama: brings what is filled to the photo's own pixels where the model can upscale; default true.",
    }),
    force: z.boolean().optional().meta({
      description: "dejpeg: restores a JPEG that is better left alone all the same.",
    }),
    margins: marginsSchema.optional(),
    widen: z.number().gt(1).max(limits.widen).optional().meta({
      description: "panorama: width of the answer by that of the photo.",
    }),
    scale: z.number().min(limits.scale.least).max(limits.scale.most).optional().meta({
      description: "upscale: how many times as wide and high.",
    }),
  })
  .meta({ id: "Options" }) satisfies z.ZodType<StudioOptions>;

/** Formats of an answer. */
export const resultFormats = ["png", "jpeg", "webp"] as const;
export type ResultFormat = (typeof resultFormats)[number];

/** How an answer is fetched, in the query of its address. */
export const resultQuerySchema = z.strictObject({
  format: z.enum(resultFormats).optional().meta({ description: "Default png." }),
  quality: z.coerce.number().int().min(1).max(100).optional().meta({
    description: "Of JPEG and WebP, 1 to 100; default 95.",
  }),
  metadata: z.enum(["keep", "strip"]).optional().meta({
    description: "Whether the file has the EXIF data and colour profile of the photo.",
  }),
});

/** How a photo of the folder is fetched. */
export const folderQuerySchema = z.strictObject({
  width: z.coerce.number().int().min(16).max(1024).optional().meta({
    description: "A WebP of at most so many pixels of width; default: the file as it is.",
  }),
});

export type FolderQuery = z.infer<typeof folderQuerySchema>;
export type ResultQuery = z.infer<typeof resultQuerySchema>;
