import { expect, it } from "vitest";
import { ApiError, type JobEvent, StudioClient } from "./index.ts";

/** A response whose body comes in these pieces, and then ends or breaks. */
function streamed(pieces: readonly Uint8Array[], breaks = false): Response {
  const rest = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = rest.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (breaks) controller.error(new Error("the line broke"));
      else controller.close();
    },
  });
  return new Response(body);
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A client whose server gives these answers in turn; `requests` are the headers it was sent. */
function served(...answers: readonly (() => Response)[]) {
  const rest = [...answers];
  const requests: Headers[] = [];
  const client = new StudioClient({
    url: "http://studio.test/",
    token: "word",
    fetch: async (_, init) => {
      requests.push(new Headers(init?.headers));
      const answer = rest.shift();
      if (answer === undefined) throw new TypeError("fetch failed");
      return answer();
    },
  });
  return { client, requests };
}

async function all(events: AsyncGenerator<JobEvent>): Promise<JobEvent[]> {
  const list: JobEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const done = 'event: done\ndata: {"state":"done"}\n\n';

it("reads events however their bytes are cut", async () => {
  const text = `:\n\nid: 1\r\nevent: failed-not\r\ndata: {"ü":\r\ndata: 1}\r\n\r\n:\n\n${done}`;
  const whole = bytes(text);
  for (const size of [1, 2, 3, 7, whole.length]) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
    const { client } = served(() => streamed(pieces));
    expect(await all(client.events("a"))).toEqual([
      { event: "failed-not", data: { ü: 1 } },
      { event: "done", data: { state: "done" } },
    ]);
  }
});

it("listens again behind the last event when the line breaks", async () => {
  const step = (id: number) => bytes(`id: ${id}\nevent: step\ndata: {"step":${id},"steps":9}\n\n`);
  const { client, requests } = served(
    () => streamed([step(3), step(4)], true),
    () => new Response("gateway", { status: 502 }),
    () => streamed([step(5)]),
    () => streamed([bytes(done)]),
  );
  const events = await all(client.events("a", { lastEventId: "2" }));
  expect(events.map(({ event, data }) => (event === "step" ? data.step : event))).toEqual([
    ...[3, 4, 5],
    "done",
  ]);
  expect(requests.map((headers) => headers.get("last-event-id"))).toEqual(["2", "4", "4", "5"]);
  expect(requests[0]!.get("authorization")).toBe("Bearer word");
});

it("says the server's line, and when it cannot be reached", async () => {
  const problem = JSON.stringify({ status: 429, detail: "Enough is waiting." });
  const headers = { "retry-after": "7" };
  const { client } = served(
    () => new Response(problem, { status: 429, headers }),
    () => new Response("<html>", { status: 404, statusText: "Not Found" }),
  );
  const failure = () => client.models().catch((error: unknown) => error);
  expect(await failure()).toMatchObject({
    name: "ApiError",
    ...{ status: 429, message: "Enough is waiting.", retryAfter: 7 },
  });
  expect(await failure()).toMatchObject({ message: "The server answered 404 Not Found." });
  const unreachable = await failure();
  expect(unreachable).toBeInstanceOf(ApiError);
  expect(unreachable).toMatchObject({ status: 0, message: expect.stringMatching(/fetch failed/) });
});

it("throws the signal's reason", async () => {
  const { client } = served(() => streamed([]));
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await expect(all(client.events("a", { signal: controller.signal }))).rejects.toThrow("enough");
});
