import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import {
  HandOperated,
  pictureFile,
  savedModel,
  type TestStudio,
  withStudio,
} from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { sharp } from "../../node/sharp.ts";
import { PaletteError } from "../../util/errors.ts";
import { ApiError, type Job, type JobEvent, type RestoreRequest } from "../client/index.ts";
import type { StudioServerOptions } from "./server.ts";

const { at } = temporaryFiles("");
let models: string[];
let image: Blob;
let colorize: RestoreRequest;

beforeAll(async () => {
  models = [await savedModel(at("model"))];
  image = new Blob([new Uint8Array(await pictureFile())]);
  colorize = { task: "colorize", image };
});

const studio = <T>(
  options: Partial<StudioServerOptions>,
  work: (studio: TestStudio) => Promise<T>,
) => withStudio({ models, ...options }, work);

async function eventsOf(events: AsyncGenerator<JobEvent>, onEvent = () => {}) {
  const all: JobEvent[] = [];
  for await (const event of events) {
    all.push(event);
    onEvent();
  }
  return all;
}

/** Listens, from the first event on. */
async function follow(events: AsyncGenerator<JobEvent>): Promise<{ all: Promise<JobEvent[]> }> {
  let all: Promise<JobEvent[]> = Promise.resolve([]);
  await new Promise<void>((resolve, reject) => {
    all = eventsOf(events, resolve);
    all.catch(reject);
  });
  return { all };
}

async function refusalOf(work: Promise<unknown>): Promise<ApiError> {
  const thrown = await work.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ApiError);
  return thrown as ApiError;
}

describe("a job", () => {
  it("is handed in, followed and fetched in each format", async () => {
    const executor = new HandOperated();
    await studio({ executors: [executor] }, async ({ client }) => {
      const api = client();
      const job = await api.submit({ ...colorize, options: { samples: 2, seed: 7 } });
      expect(job).toMatchObject({ task: "colorize", state: "running", seed: 7, results: [] });
      await executor.begun(1);
      expect(executor.works[0]!.work.options).toEqual({ samples: 2, seed: 7 });
      const { onStep, onPreview } = executor.works[0]!.listeners;
      onStep({ step: 1, steps: 4, secondsLeft: 2.5 });
      onPreview(1, new Uint8Array([1, 2, 3]));
      const following = await follow(api.events(job.id));
      expect(await api.job(job.id)).toMatchObject({ state: "running", step: 1, secondsLeft: 2.5 });
      executor.finish();
      const events = await following.all;
      expect(events.slice(0, 2)).toEqual([
        { event: "step", data: { step: 1, steps: 4, secondsLeft: 2.5 } },
        { event: "preview", data: { index: 1, type: "image/jpeg", data: "AQID" } },
      ]);
      expect(events[2]).toMatchObject({ event: "done", data: { state: "done" } });
      const { results } = events[2]!.data as Job;
      expect(results).toMatchObject([
        { index: 0, seed: 7, width: 8, height: 6 },
        { index: 1, seed: 7, width: 8, height: 6 },
      ]);
      for (const format of ["png", "jpeg", "webp"] as const) {
        const answer = await api.result(job.id, 1, { format, quality: 50 });
        expect(answer.type).toBe(`image/${format}`);
        const header = await sharp(new Uint8Array(await answer.arrayBuffer())).metadata();
        expect(header).toMatchObject({ format, width: 8, height: 6 });
      }
      await api.cancel(job.id);
      expect((await refusalOf(api.job(job.id))).status).toBe(404);
      await api.cancel(job.id);
    });
  });

  it("tells a listener who comes back only what it has missed", async () => {
    const executor = new HandOperated();
    await studio({ executors: [executor] }, async ({ url, client }) => {
      const { id } = await client().submit(colorize);
      await executor.begun(1);
      const { onStep, onPreview } = executor.works[0]!.listeners;
      onStep({ step: 1, steps: 3 });
      onPreview(0, new Uint8Array([1]));
      onStep({ step: 2, steps: 3 });
      const responses = [];
      for (const last of ["", "3", "99", "nonsense"]) {
        const headers = { "last-event-id": last };
        responses.push(await fetch(`${url}/api/v1/jobs/${id}/events`, { headers }));
      }
      expect(responses[0]!.headers.get("content-type")).toBe("text/event-stream");
      executor.finish();
      const texts = await Promise.all(responses.map((response) => response.text()));
      const numbers = texts.map((text) =>
        [...text.matchAll(/^id: (\d+)\nevent: (\w+)/gm)].map(([, id, event]) => `${id} ${event}`),
      );
      expect(numbers).toEqual([
        ["3 preview", "4 step", "5 done"],
        ["4 step", "5 done"],
        [],
        ["3 preview", "4 step", "5 done"],
      ]);
    });
  });

  it("keeps a quiet line open with comments", async () => {
    const executor = new HandOperated();
    await studio({ executors: [executor], limits: { heartbeat: 20 } }, async ({ url, client }) => {
      const { id } = await client().submit(colorize);
      const response = await fetch(`${url}/api/v1/jobs/${id}/events`);
      const text = response.text();
      await sleep(150);
      executor.finish();
      expect(await text).toMatch(/event: step\n.*\n\n(:\n\n)+id: 2\nevent: done/);
    });
  });

  it("is done in one request; several answers come as links", async () => {
    await studio({}, async ({ url, client }) => {
      const api = client();
      const answer = await api.restore(colorize, { format: "webp" });
      expect((answer as Blob).type).toBe("image/webp");
      const several = await api.restore({ ...colorize, options: { samples: 3 } });
      const { results } = several as Job;
      expect(results).toHaveLength(3);
      const fetched = await fetch(url + results[2]!.url);
      expect(fetched.headers.get("content-type")).toBe("image/png");
      const json = await fetch(`${url}/api/v1/colorize?format=jpeg`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ image: (await pictureFile()).toString("base64") }),
      });
      expect(json.headers.get("content-type")).toBe("image/jpeg");
      expect(json.headers.get("palette-seed")).toMatch(/^\d+$/);
    });
  });

  it("keeps the photo's EXIF data upright, or strips it", async () => {
    await studio({}, async ({ client }) => {
      const file = await sharp(await pictureFile(8, 6, "jpeg"))
        .withMetadata({ orientation: 6 })
        .withExifMerge({ IFD0: { Make: "Palette" } })
        .jpeg()
        .toBuffer();
      const request = { ...colorize, image: new Blob([new Uint8Array(file)]) };
      for (const format of ["png", "jpeg", "webp"] as const) {
        const saved = async (metadata: "keep" | "strip") => {
          const answer = (await client().restore(request, { format, metadata })) as Blob;
          return sharp(new Uint8Array(await answer.arrayBuffer())).metadata();
        };
        const kept = await saved("keep");
        expect(kept).toMatchObject({ width: 6, height: 8, orientation: 1, hasProfile: true });
        expect(kept.exif?.includes("Palette")).toBe(true);
        const stripped = await saved("strip");
        expect(stripped).toMatchObject({ width: 6, height: 8, hasProfile: false });
        expect(stripped.exif).toBeUndefined();
      }
    });
  });

  it("says why it failed", async () => {
    const executor = new HandOperated();
    await studio({ executors: [executor] }, async ({ client }) => {
      const api = client();
      const one = api.restore(colorize);
      await executor.begun(1);
      executor.finish(new PaletteError("The photo is too blue; take another."));
      expect(await refusalOf(one)).toMatchObject({
        status: 422,
        message: "The photo is too blue; take another.",
      });
      const { id } = await api.submit(colorize);
      await executor.begun(2);
      executor.finish(new Error("no such luck\nat all"));
      expect((await eventsOf(api.events(id))).at(-1)).toMatchObject({
        event: "failed",
        data: { status: 500 },
      });
      expect(await api.job(id)).toMatchObject({ state: "failed", problem: { status: 500 } });
      expect((await refusalOf(api.result(id, 0))).message).toContain("no such luck;");
    });
  });
});

describe("cancelling", () => {
  it("ends what runs and what waits, and the next one begins", async () => {
    const executor = new HandOperated();
    await studio({ executors: [executor] }, async ({ client, load }) => {
      const api = client();
      const jobs = [];
      for (let k = 0; k < 3; k++) jobs.push(await api.submit(colorize));
      expect(jobs.map(({ place }) => place)).toEqual([undefined, 1, 2]);
      await api.cancel(jobs[1]!.id);
      expect(await api.job(jobs[2]!.id)).toMatchObject({ place: 1 });
      const following = await follow(api.events(jobs[0]!.id));
      await api.cancel(jobs[0]!.id);
      expect((await following.all).at(-1)).toMatchObject({
        event: "failed",
        data: { status: 410 },
      });
      await executor.begun(2);
      expect(executor.works[0]!.listeners.signal.aborted).toBe(true);
      expect(load()).toMatchObject({ queued: 0, running: 1, kept: 1 });
      executor.finish();
      await eventsOf(api.events(jobs[2]!.id));
      expect(load().heldBytes).toBe(0);
    });
  });

  it("follows from a closed connection, and from nobody asking", async () => {
    const executor = new HandOperated();
    const limits = { clientGone: 100 };
    await studio({ executors: [executor], limits }, async ({ client, load }) => {
      const leaving = new AbortController();
      const request = client().restore(colorize, { signal: leaving.signal });
      const refused = expect(request).rejects.toThrow();
      await executor.begun(1);
      leaving.abort();
      await refused;
      await expect.poll(() => executor.works[0]!.listeners.signal.aborted).toBe(true);
      await expect.poll(load).toEqual({ queued: 0, running: 0, kept: 0, heldBytes: 0 });
      const { id } = await client().submit(colorize);
      const listening = new AbortController();
      const following = await follow(client().events(id, { signal: listening.signal }));
      const left = expect(following.all).rejects.toThrow();
      await sleep(300);
      expect(load()).toMatchObject({ running: 1 });
      listening.abort();
      await left;
      await expect.poll(load, { timeout: 5000 }).toMatchObject({ running: 0, heldBytes: 0 });
      expect(await client().job(id)).toMatchObject({ state: "cancelled" });
    });
  });

  it("ends a job that takes too long", async () => {
    await studio(
      { executors: [new HandOperated()], limits: { jobTime: 50 } },
      async ({ client }) => {
        expect(await refusalOf(client().restore(colorize))).toMatchObject({ status: 504 });
      },
    );
  });
});

describe("bounds", () => {
  it("on what waits: 429, and when to come back", async () => {
    const executor = new HandOperated();
    await studio({ executors: [executor], limits: { queue: 2 } }, async ({ client }) => {
      for (let k = 0; k < 3; k++) await client().submit(colorize);
      const refusal = await refusalOf(client().submit(colorize));
      expect(refusal.status).toBe(429);
      expect(refusal.retryAfter).toBeGreaterThan(0);
    });
    await studio({ executors: [executor], limits: { queuePerClient: 1 } }, async ({ client }) => {
      for (let k = 0; k < 2; k++) await client().submit(colorize);
      expect(await refusalOf(client().submit(colorize))).toMatchObject({ status: 429 });
    });
  });

  it("on bytes and pixels: 413, before anything is decoded", async () => {
    const executor = new HandOperated();
    const limits = { uploadBytes: 2000, heldBytes: 2500, pixels: 100 };
    await studio({ executors: [executor], limits }, async ({ client, load }) => {
      const api = client();
      const large = new Blob([new Uint8Array(3000)]);
      const sizeOf = async (...size: [number, number]) =>
        new Blob([new Uint8Array(await pictureFile(...size))]);
      expect(await refusalOf(api.submit({ ...colorize, image: large }))).toMatchObject({
        status: 413,
        message: expect.stringContaining("0.002 MiB"),
      });
      const chunked = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(500)),
      });
      const streamed = api.submit({
        ...colorize,
        image: await new Response(chunked.pipeThrough(cut(9))).blob(),
      });
      expect(await refusalOf(streamed)).toMatchObject({ status: 413 });
      const wide = { ...colorize, image: await sizeOf(101, 1) };
      expect((await refusalOf(api.submit(wide))).message).toMatch(/101x1 pixels, but 100 pixels/);
      for (const [task, options] of [
        ["uncrop", { margins: { left: 0, right: 50, top: 0, bottom: 0 } }],
        ["upscale", { scale: 2 }],
        ["panorama", { widen: 6 }],
      ] as const) {
        const refusal = await refusalOf(api.submit({ task, image, options }));
        expect([refusal.status, refusal.message]).toEqual([
          413,
          expect.stringMatching(/^The answer has \d+x\d+ pixels/),
        ]);
      }
      expect(load()).toMatchObject({ kept: 0, heldBytes: 0 });
      const padded = new Blob([await image.arrayBuffer(), new Uint8Array(1000)]);
      await api.submit({ ...colorize, image: padded });
      await api.submit({ ...colorize, image });
      expect(await refusalOf(api.submit({ ...colorize, image: padded }))).toMatchObject({
        status: 429,
        retryAfter: 10,
      });
    });
  });

  it("on answers: the oldest go by bytes and by age", async () => {
    const limits = { resultBytes: 1, resultAge: 300 };
    await studio({ limits }, async ({ client, load }) => {
      const ids = [];
      for (let k = 0; k < 2; k++) {
        const { id } = await client().submit(colorize);
        await eventsOf(client().events(id));
        ids.push(id);
      }
      expect((await refusalOf(client().job(ids[0]!))).status).toBe(404);
      expect((await client().job(ids[1]!)).state).toBe("done");
      await expect.poll(() => load().kept, { timeout: 5000 }).toBe(0);
    });
  });
});

it("takes turns between sessions", async () => {
  const executor = new HandOperated();
  await studio({ executors: [executor] }, async ({ url, client }) => {
    const visitors = [];
    for (let k = 0; k < 2; k++) {
      const [cookie = ""] = (await fetch(`${url}/api/v1/health`)).headers.getSetCookie();
      visitors.push(client({ headers: { cookie: cookie.split(";", 1)[0]! } }));
    }
    const [busy, late] = visitors as [(typeof visitors)[0], (typeof visitors)[0]];
    for (let seed = 0; seed < 4; seed++) await busy.submit({ ...colorize, options: { seed } });
    expect(await late.submit({ ...colorize, options: { seed: 9 } })).toMatchObject({ place: 2 });
    for (let k = 1; k < 5; k++) {
      executor.finish();
      await executor.begun(k + 1);
    }
    expect(executor.works.map(({ work }) => work.options.seed)).toEqual([0, 1, 9, 2, 3]);
  });
});

it("lists its models, and works with the one that is named", async () => {
  const executor = new HandOperated();
  await studio({ executors: [executor] }, async ({ client }) => {
    const [model] = await client().models();
    expect(model).toMatchObject({
      name: "random",
      resolution: 32,
      tasks: ["colorize", "inpaint", "uncrop", "dejpeg", "upscale", "panorama"],
      samplers: ["dpm++", "ddpm", "ddim", "consistency"],
    });
    expect(model!.steps.colorize).toBeGreaterThan(0);
    await client().submit({ ...colorize, options: { model: "random" } });
    expect(executor.works[0]!.work.model).toBe(models[0]);
    const other = client().submit({ ...colorize, options: { model: "../model" } });
    expect((await refusalOf(other)).message).toMatch(/no such model; the models are random/);
  });
});

it("stops: hands back what waits, finishes what runs, and lets it be fetched", async () => {
  const executor = new HandOperated();
  await studio({ executors: [executor] }, async ({ client, stop }) => {
    const api = client();
    const [runs, waits] = [await api.submit(colorize), await api.submit(colorize)];
    const done = await follow(api.events(runs.id));
    const handedBack = await follow(api.events(waits.id));
    const stopping = stop(10_000);
    expect((await handedBack.all).at(-1)).toMatchObject({ event: "failed", data: { status: 503 } });
    expect(await refusalOf(api.submit(colorize))).toMatchObject({ status: 503, retryAfter: 10 });
    expect((await api.health()).status).toBe("stopping");
    executor.finish();
    expect((await done.all).at(-1)).toMatchObject({ event: "done" });
    expect((await api.result(runs.id, 0)).type).toBe("image/png");
    await stopping;
    expect(await refusalOf(api.health())).toMatchObject({ status: 0 });
  });
});

it("stops what does not end in time", async () => {
  await studio({ executors: [new HandOperated()] }, async ({ client, stop }) => {
    const { id } = await client().submit(colorize);
    const following = await follow(client().events(id));
    await stop(20);
    expect((await following.all).at(-1)).toMatchObject({ event: "failed", data: { status: 503 } });
  });
});

/** So many chunks of a stream. */
function cut(chunks: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      if (++seen === chunks) controller.terminate();
    },
  });
}
