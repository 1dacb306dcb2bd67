/** What the server says: jobs, their events, models, its own state, the folder, problems. */
import { z } from "zod";
import { type StudioModel, studioTasks } from "../web/restorer.ts";
import { taskSchema } from "./options.ts";

const count = z.int().min(0);

export const problemSchema = z
  .object({
    type: z.string().meta({ description: "A name of the kind, such as about:blank." }),
    title: z.string().meta({ description: "The status in words.", example: "Too Many Requests" }),
    status: z.int(),
    detail: z.string().meta({ description: "One line that says what is wrong and what to do." }),
  })
  .meta({ id: "Problem", description: "RFC 9457." });

export const resultSchema = z
  .object({
    index: count,
    seed: z.int().meta({ description: "The request's seed." }),
    width: z.int(),
    height: z.int(),
    url: z.string().meta({ description: "Where it is fetched, in any format." }),
  })
  .meta({ id: "Result" });

export const jobStates = ["queued", "running", "done", "failed", "cancelled"] as const;

export const jobSchema = z
  .object({
    id: z.string(),
    task: taskSchema,
    state: z.enum(jobStates),
    model: z.string(),
    seed: z.int(),
    created: z.iso.datetime(),
    place: count.optional().meta({ description: "Requests before this one while it is queued." }),
    step: count.optional(),
    steps: count.optional(),
    secondsLeft: z.number().min(0).optional(),
    results: z.array(resultSchema).meta({ description: "Empty until it is done." }),
    notes: z.array(z.string()).meta({
      description: "Lines for whoever asked, such as that a file was left as it is.",
    }),
    problem: problemSchema.optional().meta({ description: "Why it failed or was cancelled." }),
  })
  .meta({ id: "Job" });

export const queuedSchema = z
  .object({ place: count.meta({ description: "Requests before this one." }) })
  .meta({ id: "QueuedEvent" });

export const stepSchema = z
  .object({
    step: count,
    steps: count,
    secondsLeft: z.number().min(0).optional().meta({ description: "Absent before it is known." }),
  })
  .meta({ id: "StepEvent" });

export const previewSchema = z
  .object({
    index: count.meta({ description: "The answer it belongs to, from 0." }),
    type: z.string().meta({ example: "image/jpeg" }),
    data: z.string().meta({ description: "A small picture of the present estimate, base64." }),
  })
  .meta({ id: "PreviewEvent" });

/** The data of each event, by the event's name; `done` and `failed` are the last. */
export const eventSchemas = {
  queued: queuedSchema,
  step: stepSchema,
  preview: previewSchema,
  done: jobSchema,
  failed: problemSchema,
} as const;

const byTask = z.object(
  Object.fromEntries(studioTasks.map((task) => [task, z.int()])) as Record<
    (typeof studioTasks)[number],
    z.ZodInt
  >,
);

export const modelSchema = z
  .object({
    name: z.string(),
    resolution: z.int().meta({ description: "Side of the squares that it was trained on." }),
    tasks: z.array(taskSchema).meta({ description: "What it was trained for." }),
    steps: byTask.meta({ description: "Network calls an answer, by task." }),
    samplers: z.array(z.string()).meta({ description: "The first is the model's own." }),
  })
  .meta({ id: "Model" }) satisfies z.ZodType<StudioModel>;

export const modelsSchema = z
  .object({ models: z.array(modelSchema).meta({ description: "The first is the default." }) })
  .meta({ id: "Models" });

export const healthSchema = z
  .object({
    status: z.enum(["ok", "stopping"]),
    version: z.string(),
    queued: count,
    running: count,
    folder: z.boolean().meta({ description: "Whether a folder of photos is served." }),
    limits: z.object({
      uploadBytes: count.meta({ description: "Of a whole request." }),
      pixels: count.meta({ description: "Of a photo, and of an answer." }),
      queue: count.meta({ description: "Jobs that wait." }),
    }),
  })
  .meta({ id: "Health" });

export const folderEntrySchema = z
  .object({
    id: z.string(),
    name: z.string().meta({ description: "The path in the folder." }),
    bytes: count,
    url: z.string().meta({ description: "Where the file is fetched." }),
  })
  .meta({ id: "FolderEntry" });

export const folderSchema = z
  .object({ name: z.string(), photos: z.array(folderEntrySchema) })
  .meta({ id: "Folder" });

/** Saves an answer beside the photo that it was made from. */
export const saveSchema = z
  .strictObject({
    job: z.string().min(1).max(64),
    index: z.int().min(0).max(255),
    beside: z.string().min(1).max(64).meta({ description: "The id of a photo of the folder." }),
    format: z.enum(["png", "jpeg", "webp"]).optional().meta({ description: "Default png." }),
    quality: z.int().min(1).max(100).optional(),
    metadata: z.enum(["keep", "strip"]).optional(),
  })
  .meta({ id: "Save" });

export const savedSchema = z
  .object({ name: z.string().meta({ description: "The new file's path in the folder." }) })
  .meta({ id: "Saved" });

export type Problem = z.infer<typeof problemSchema>;
export type JobResult = z.infer<typeof resultSchema>;
export type Job = z.infer<typeof jobSchema>;
export type Health = z.infer<typeof healthSchema>;
export type Folder = z.infer<typeof folderSchema>;
export type FolderEntry = z.infer<typeof folderEntrySchema>;
export type Save = z.infer<typeof saveSchema>;

/** An event of a job, as its stream has it. */
export type JobEvent = {
  [Name in keyof typeof eventSchemas]: {
    readonly event: Name;
    readonly data: z.infer<(typeof eventSchemas)[Name]>;
  };
}[keyof typeof eventSchemas];
