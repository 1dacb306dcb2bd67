/** The OpenAPI description of the API, from the same schemas that check requests. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  eventSchemas,
  folderSchema,
  healthSchema,
  jobSchema,
  modelsSchema,
  problemSchema,
  savedSchema,
  saveSchema,
} from "../api/messages.ts";
import { folderQuerySchema, optionsSchema, resultQuerySchema, taskSchema } from "../api/options.ts";
import { contentTypes } from "./encode-answer.ts";

const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const picture = z.string().meta({ format: "binary" });
const photo = picture.meta({ format: "binary", description: "The photo's file." });
const pictures = Object.fromEntries(
  Object.values(contentTypes).map((type) => [type, { schema: picture }]),
);
const base64 = z.string().meta({ format: "byte", description: "The file in base64." });

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

const refusals = {
  400: problem("The body cannot be read."),
  413: problem("Too many bytes or pixels."),
  415: problem("Neither a form nor JSON, or no picture."),
  422: problem("A field is wrong."),
  429: problem("Enough is waiting; the header Retry-After says when to ask again."),
  503: problem("The server is stopping."),
};

const unknown = { 404: problem("Unknown, or no longer kept.") };

/** The body of a request that hands in a job. */
function jobBody(task: Record<string, z.ZodType>) {
  const form = z.object({
    ...task,
    image: photo,
    mask: picture.optional().meta({
      format: "binary",
      description: "inpaint: a picture of the photo's size; what is white is filled.",
    }),
    options: optionsSchema.optional(),
  });
  return {
    required: true,
    content: {
      "multipart/form-data": { schema: form },
      "application/json": {
        schema: z.object({
          ...task,
          image: base64,
          mask: base64.optional(),
          options: optionsSchema.optional(),
        }),
      },
    },
  };
}

const id = z.object({ id: z.string() });

const routes = [
  createRoute({
    method: "post",
    path: "/api/v1/jobs",
    summary: "Hand in a job",
    request: { body: jobBody({ task: taskSchema }) },
    responses: { 202: json(jobSchema, "It waits for its turn."), ...refusals },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/jobs/{id}",
    summary: "How a job is",
    request: { params: id },
    responses: { 200: json(jobSchema, "The job."), ...unknown },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/jobs/{id}/events",
    summary: "What happens to a job, as server-sent events",
    description:
      "Events `queued`, `step`, `preview`, and at the end `done` or `failed`; their data are JSON (schemas QueuedEvent, StepEvent, PreviewEvent, Job, Problem). The first say how the job is now. Of those that a listener misses the last of each kind is sent; the header Last-Event-ID says behind which one.",
    request: { params: id, headers: z.object({ "last-event-id": z.string().optional() }) },
    responses: {
      200: {
        description: "A stream that ends with the job.",
        // The data of its events.
        content: { "text/event-stream": { schema: z.union(Object.values(eventSchemas)) } },
      },
      ...unknown,
    },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/jobs/{id}/results/{index}",
    summary: "An answer as a file",
    request: {
      params: z.object({ id: z.string(), index: z.int().min(0) }),
      query: resultQuerySchema,
    },
    responses: {
      200: { description: "The picture.", content: pictures },
      ...unknown,
      409: problem("The job is not done."),
      422: problem("The query is wrong, or the format cannot hold the picture."),
    },
  }),
  createRoute({
    method: "delete",
    path: "/api/v1/jobs/{id}",
    summary: "Cancel a job, or forget its answers",
    request: { params: id },
    responses: { 204: { description: "It is gone." }, ...unknown },
  }),
  createRoute({
    method: "post",
    path: "/api/v1/{task}",
    summary: "All in one request",
    description:
      "Answers with the picture, or with the job when several answers were asked for. The job is cancelled when the connection closes.",
    request: {
      params: z.object({ task: taskSchema }),
      query: resultQuerySchema,
      body: jobBody({}),
    },
    responses: {
      200: {
        description: "The answer; of several the job, whose results say where they are.",
        content: { ...pictures, "application/json": { schema: jobSchema } },
      },
      ...refusals,
      504: problem("It took too long."),
    },
  }),
  createRoute({
    method: "post",
    path: "/api/v1/pictures",
    summary: "A picture of any format as a PNG that browsers show",
    description:
      "Upright, sRGB, 8 bits, without metadata; of several pictures in a file the first.",
    request: {
      body: {
        required: true,
        content: {
          "multipart/form-data": { schema: z.object({ image: photo }) },
          "application/json": { schema: z.object({ image: base64 }) },
        },
      },
    },
    responses: {
      200: { description: "The picture.", content: { "image/png": { schema: picture } } },
      400: refusals[400],
      413: refusals[413],
      415: refusals[415],
      422: problem("A field is wrong, or the picture is broken."),
      429: refusals[429],
    },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/models",
    summary: "The models there are",
    responses: { 200: json(modelsSchema, "The first is the default.") },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/health",
    summary: "How the server is, and its limits",
    responses: { 200: json(healthSchema, "It answers.") },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/folder",
    summary: "The photos of the server's folder",
    responses: { 200: json(folderSchema, "Its photos."), ...unknown },
  }),
  createRoute({
    method: "get",
    path: "/api/v1/folder/{id}",
    summary: "A photo of the folder, as the file is, or small",
    request: { params: id, query: folderQuerySchema },
    responses: {
      200: { description: "The file.", content: { "image/*": { schema: picture } } },
      ...unknown,
      413: refusals[413],
      415: problem("It is no picture."),
      422: problem("The width is wrong, or the picture is broken."),
    },
  }),
  createRoute({
    method: "post",
    path: "/api/v1/folder",
    summary: "Save an answer beside a photo of the folder, under a new name",
    request: { body: { required: true, content: { "application/json": { schema: saveSchema } } } },
    responses: {
      201: json(savedSchema, "It is saved."),
      400: problem("The body cannot be read."),
      ...unknown,
      409: problem("The job is not done."),
      422: problem("A field is wrong."),
      507: problem("It cannot be written."),
    },
  }),
];

/** The description, as /openapi.json has it. */
export function openApiDocument(version: string) {
  const app = new OpenAPIHono();
  for (const route of routes) app.openAPIRegistry.registerPath(route);
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "The word of `palette studio --token`, where the server asks for one.",
  });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Palette studio",
      version,
      description: "Photos restored by one conditional diffusion model.",
      license: { name: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{}, { token: [] }],
  });
}
