/** The studio's HTTP server as a function from request to response. */
import { type Context, Hono } from "hono";
import type { Folder, Health, Save } from "../api/messages.ts";
import { saveSchema } from "../api/messages.ts";
import {
  folderQuerySchema,
  type ResultQuery,
  resultQuerySchema,
  taskSchema,
} from "../api/options.ts";
import { paths } from "../api/paths.ts";
import type { StudioTask } from "../web/restorer.ts";
import { apiPage } from "./api-page.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { contentTypes, encodeAnswer } from "./encode-answer.ts";
import { eventStream } from "./event-stream.ts";
import { type Guarded, type GuardOptions, guard, secureHeaders } from "./guard.ts";
import type { Job } from "./job.ts";
import type { Jobs } from "./jobs.ts";
import type { Limits } from "./limits.ts";
import type { ServedModels } from "./models.ts";
import { openApiDocument } from "./openapi.ts";
import type { PhotoFolder } from "./photo-folder.ts";
import { checkPicture } from "./picture-check.ts";
import { HttpProblem, problemFrom, problemResponse } from "./problem.ts";
import { checked, jsonOf, parseJobRequest, parsePicture, readBody } from "./read-request.ts";
import { ShownPictures } from "./shown-picture.ts";
import type { StaticFiles } from "./static-files.ts";
import { submissionOf } from "./submission.ts";
import { Thumbnails } from "./thumbnails.ts";

export interface AppParts {
  readonly version: string;
  readonly jobs: Jobs;
  readonly budget: ByteBudget;
  readonly limits: Limits;
  readonly models: ServedModels;
  readonly page: StaticFiles;
  readonly folder?: PhotoFolder;
  readonly guard: GuardOptions;
  /** Told what is a bug of the server. */
  readonly onBug?: (error: unknown) => void;
}

/** Longest body of a request that hands in no photo, in bytes. */
const smallBody = { uploadBytes: 64 * 1024 };

export function createApp(parts: AppParts): Hono<Guarded> {
  const { version, jobs, budget, limits, models, page, folder, onBug } = parts;
  const app = new Hono<Guarded>();
  const shown = new ShownPictures();
  const thumbnails = folder && new Thumbnails(folder, limits);

  app.onError((thrown) => {
    const problem = problemFrom(thrown);
    if (problem.status === 500) onBug?.(thrown);
    return problemResponse(problem);
  });
  app.notFound((c) => {
    const detail = c.req.path.startsWith("/api/")
      ? "There is no such address; /openapi.json lists them all."
      : "There is no such page; the studio is at /.";
    return problemResponse(new HttpProblem(404, detail));
  });
  app.use(secureHeaders);
  app.use(guard(parts.guard));
  const description = openApiDocument(version);
  app.get(paths.openapi, (c) => c.json(description));

  async function handIn(c: Context<Guarded>, task?: StudioTask): Promise<Job> {
    const client = c.get("client");
    jobs.checkRoom(client);
    const { body, share } = await readBody(c.req.raw, limits, budget);
    try {
      const request = await parseJobRequest(body, c.req.header("content-type"), task);
      const { work, model } = await submissionOf(request, models, limits);
      return jobs.submit({ client, work, model, share, attended: task !== undefined });
    } catch (error) {
      share.release();
      throw error;
    }
  }

  app.post(paths.jobs, async (c) => {
    const job = await handIn(c);
    return c.json(job.message(), 202, { location: paths.job(job.id) });
  });

  app.get("/api/v1/jobs/:id", (c) => c.json(jobs.get(c.req.param("id")).message()));

  app.get("/api/v1/jobs/:id/events", (c) => {
    const job = jobs.get(c.req.param("id"));
    const last = Number(c.req.header("last-event-id") ?? 0);
    const after = Number.isSafeInteger(last) && last > 0 ? last : 0;
    return eventStream(job, { after, heartbeat: limits.heartbeat });
  });

  app.get("/api/v1/jobs/:id/results/:index", async (c) => {
    const job = jobs.get(c.req.param("id"));
    const index = c.req.param("index");
    const query = checked(resultQuerySchema, c.req.query(), "query");
    const file = await answerOf(job, /^\d{1,3}$/.test(index) ? Number(index) : -1, query);
    return pictureResponse(file, query);
  });

  app.delete("/api/v1/jobs/:id", (c) => {
    jobs.drop(jobs.get(c.req.param("id")));
    return c.body(null, 204);
  });

  app.get(paths.models, async (c) => c.json({ models: await models.list() }));

  app.get(paths.health, (c) => {
    const { queued, running } = jobs.counts;
    const { uploadBytes, pixels, queue } = limits;
    const status = jobs.isStopping ? "stopping" : "ok";
    return c.json({
      ...{ status, version, queued, running, folder: folder !== undefined },
      limits: { uploadBytes, pixels, queue },
    } satisfies Health);
  });

  app.get(paths.folder, async (c) => c.json((await theFolder().list()) satisfies Folder));

  app.get("/api/v1/folder/:id", async (c) => {
    const id = c.req.param("id");
    const { width } = checked(folderQuerySchema, c.req.query(), "query");
    const photos = theFolder();
    if (width !== undefined && thumbnails !== undefined) {
      const headers = { "content-type": "image/webp", "cache-control": "private, max-age=60" };
      return new Response(new Uint8Array(await thumbnails.of(id, width)), { headers });
    }
    const { file, type } = await photos.read(id, limits.uploadBytes);
    return new Response(new Uint8Array(file), { headers: { "content-type": type } });
  });

  app.post(paths.folder, async (c) => {
    const { body, share } = await readBody(c.req.raw, smallBody, budget);
    share.release();
    const save: Save = checked(saveSchema, jsonOf(body, c.req.header("content-type")), "body");
    const { job: id, index, beside, format = "png", quality, metadata } = save;
    const job = jobs.get(id);
    const file = await answerOf(job, index, { format, quality, metadata });
    const name = await theFolder().save(beside, job.task, format, file);
    return c.json({ name }, 201);
  });

  app.post(paths.pictures, async (c) => {
    const { body, share } = await readBody(c.req.raw, limits, budget);
    try {
      const file = await parsePicture(body, c.req.header("content-type"));
      await checkPicture(file, "The image", limits.pixels);
      return pictureResponse(await shown.png(file, c.req.raw.signal));
    } finally {
      share.release();
    }
  });

  // Behind all other addresses of the API: any word there is taken for a task.
  app.post("/api/v1/:task", async (c) => {
    const task = taskSchema.safeParse(c.req.param("task"));
    if (!task.success) return c.notFound();
    const query = checked(resultQuerySchema, c.req.query(), "query");
    const job = await handIn(c, task.data);
    const { signal } = c.req.raw;
    const leave = () => jobs.drop(job);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    await job.whenOver();
    signal.removeEventListener("abort", leave);
    if (job.failure !== undefined) throw job.failure;
    const headers = {
      "content-location": paths.job(job.id),
      "palette-job": job.id,
      "palette-seed": String(job.seed),
    };
    if ((job.restored?.answers.length ?? 0) > 1) return c.json(job.message(), 200, headers);
    const response = pictureResponse(await answerOf(job, 0, query), query);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  });

  app.get("/api", (c) =>
    page.has("/swagger/start.js")
      ? c.html(apiPage)
      : c.text(
          "The page to try the API is not built: run `npm run build`. /openapi.json is there.\n",
          404,
        ),
  );

  // Of what has no page of its own to name the icon: pictures and JSON.
  app.get("/favicon.ico", async (c) => (await page.respond("/icon.svg")) ?? c.notFound());

  app.get("/*", async (c) => {
    const { path } = c.req;
    const response = await page.respond(path === "/" ? "/index.html" : path);
    if (response !== undefined) return response;
    if (path !== "/") return c.notFound();
    return c.text(
      "The studio's page is not built: run `npm run build`. The API works; see /openapi.json.\n",
      404,
    );
  });

  function theFolder(): PhotoFolder {
    if (folder !== undefined) return folder;
    throw new HttpProblem(
      404,
      "The server shows no folder; start it with `palette studio photos/`.",
    );
  }

  return app;
}

async function answerOf(job: Job, index: number, query: ResultQuery): Promise<Uint8Array> {
  const { restored, failure, state } = job;
  if (failure !== undefined) throw failure;
  if (restored === undefined) {
    throw new HttpProblem(409, `The job is ${state}; its answers are there when it is done.`);
  }
  const answer = restored.answers[index];
  if (answer === undefined) {
    const count = restored.answers.length;
    throw new HttpProblem(
      404,
      `The answers are numbered from 0 to ${count - 1}; ask for one of them.`,
    );
  }
  const file = await encodeAnswer(answer, restored.metadata, query);
  job.fetched.add(index);
  return file;
}

function pictureResponse(file: Uint8Array, { format = "png" }: ResultQuery = {}): Response {
  return new Response(new Uint8Array(file), { headers: { "content-type": contentTypes[format] } });
}
