/**
 * Many clients of one studio at a time, a third of whose jobs are left half way: is every accepted
 * job answered, is the queue fair, does memory stay flat, and how soon is there progress?
 *
 *   npx tsx bench/studio/load.ts [seconds, default 600] [clients, default 50] [file.json]
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { markdownTable } from "markdown-table";
import { sharp } from "../../src/node/sharp.ts";
import {
  ApiError,
  type RestoreRequest,
  StudioClient,
  type StudioTask,
} from "../../src/studio/client/index.ts";
import { Random } from "../../src/util/random.ts";
import { serverProcess } from "./server-process.ts";

const [seconds = "600", clients = "50", file] = process.argv.slice(2);
const side = 96;
const steps = 4;
const tasks: readonly StudioTask[] = ["colorize", "inpaint", "uncrop", "dejpeg"];
const leaving = 1 / 3;

interface Visit {
  readonly client: number;
  readonly task: StudioTask;
  /** Seconds from handing in: until it is accepted, the first event, the first step, the end. */
  accepted?: number;
  first?: number;
  begun?: number;
  ended?: number;
  outcome: "answered" | "left" | "refused" | "failed" | "lost";
  reason?: string;
}

const photos = await Promise.all(
  ["beach", "fields", "hills", "mountain"].map(async (name) => {
    const path = fileURLToPath(new URL(`../../samples/${name}.jpg`, import.meta.url));
    const small = sharp(await readFile(path)).resize(side, side, { fit: "cover" });
    return new Blob([new Uint8Array(await small.jpeg().toBuffer())]);
  }),
);
const hole = sharp({ create: { width: 24, height: 24, channels: 3, background: "white" } });
const blackness = sharp({
  create: { width: side, height: side, channels: 3, background: "black" },
});
const mask = new Blob([
  new Uint8Array(
    await blackness
      .composite([{ input: await hole.png().toBuffer(), left: 30, top: 40 }])
      .png()
      .toBuffer(),
  ),
]);

const server = await serverProcess(["--queue", "200"]);
const visits: Visit[] = [];
const memory: { readonly second: number; readonly server: number; readonly engines: number }[] = [];
const start = performance.now();
const now = () => (performance.now() - start) / 1000;
const end = Number(seconds);

async function session(): Promise<StudioClient> {
  const [cookie = ""] = (await fetch(`${server.url}/api/v1/health`)).headers.getSetCookie();
  return new StudioClient({ url: server.url, headers: { cookie: cookie.split(";", 1)[0] ?? "" } });
}

async function client(number: number): Promise<void> {
  const api = await session();
  const random = Random.from("load", number);
  await sleep(random.between(0, 1000));
  while (now() < end) {
    const task = random.pick(tasks);
    const margins = { left: 0, right: 24, top: 0, bottom: 0 };
    const request: RestoreRequest = {
      ...{ task, image: random.pick(photos) },
      ...(task === "inpaint" && { mask }),
      options: { steps, ...(task === "uncrop" && { margins }) },
    };
    const visit: Visit = { client: number, task, outcome: "lost" };
    visits.push(visit);
    await carriedOut(api, request, visit, random.uniform() < leaving, random);
  }
}

async function carriedOut(
  api: StudioClient,
  request: RestoreRequest,
  visit: Visit,
  leaves: boolean,
  random: Random,
): Promise<void> {
  const began = now();
  const since = () => now() - began;
  const controller = new AbortController();
  const { signal } = controller;
  try {
    const { id } = await api.submit(request);
    visit.accepted = since();
    // Half way: somewhere between waiting and the last step; some say so, the others are just gone.
    const until = leaves ? random.integer(1, steps + 2) : Number.POSITIVE_INFINITY;
    let events = 0;
    for await (const { event, data } of api.events(id, { signal })) {
      visit.first ??= since();
      if (event === "step") visit.begun ??= since();
      if (event === "failed") {
        visit.outcome = "failed";
        visit.reason = data.detail;
      } else if (event === "done") {
        await api.result(id, 0, { format: "jpeg" });
        visit.outcome = "answered";
      } else if (++events >= until) {
        visit.outcome = "left";
        if (random.uniform() < 0.5) await api.cancel(id);
        controller.abort();
        return;
      }
    }
    visit.ended = since();
  } catch (error) {
    if (visit.outcome === "left") return;
    visit.reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ApiError && error.status === 429) {
      visit.outcome = "refused";
      await sleep(1000 * (error.retryAfter ?? 1));
    }
  }
}

async function watch(): Promise<void> {
  for (let n = 0; now() < end; n++) {
    memory.push({ second: Math.round(now()), ...server.memory() });
    if (n % 10 === 0) console.error(`${Math.round(now())} s: ${visits.length} jobs`, memory.at(-1));
    await sleep(Math.max(1000, (10 * end) / 600));
  }
}

await Promise.all([...Array.from({ length: Number(clients) }, (_, k) => client(k)), watch()]);
const health = await new StudioClient({ url: server.url }).health();
const code = await server.stop();

const count = (outcome: Visit["outcome"]) =>
  visits.filter((visit) => visit.outcome === outcome).length;
const accepted = visits.filter((visit) => visit.accepted !== undefined).length;
// The first round meets an empty queue.
const waits = visits
  .filter(({ client: number }, k) => visits.findIndex((one) => one.client === number) !== k)
  .flatMap(({ begun }) => (begun === undefined ? [] : [begun]));
const firsts = visits.flatMap(({ first }) => (first === undefined ? [] : [first]));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], q: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
const s = (value: number) => `${value.toFixed(2)} s`;
const third = Math.floor(memory.length / 3);
const meanMemory = (rows: typeof memory, of: "server" | "engines") =>
  Math.round(mean(rows.map((row) => row[of])));

const memoryOf = (of: "server" | "engines") =>
  [memory.slice(third, 2 * third), memory.slice(2 * third)]
    .map((rows) => meanMemory(rows, of))
    .join(", ");
const largest = Math.max(...waits);
const table = {
  source: "bench",
  command: `npx tsx bench/studio/load.ts ${seconds} ${clients}`,
  recorded: new Date().toISOString().slice(0, 10),
  columns: [`${clients} clients, ${seconds} s`, ""],
  rows: [
    ["jobs accepted", String(accepted)],
    ["answered", String(count("answered"))],
    ["left by their clients", String(count("left"))],
    ["failed, with a reason", String(count("failed"))],
    ["refused (429)", String(count("refused"))],
    ["neither answered nor told why", String(count("lost"))],
    ["mean wait for the first step", s(mean(waits))],
    ["largest wait", `${s(largest)} (${(largest / mean(waits)).toFixed(2)} times the mean)`],
    [
      "first progress: median, 99 %, largest",
      [quantile(firsts, 0.5), quantile(firsts, 0.99), Math.max(...firsts)].map(s).join(", "),
    ],
    ["memory of the server, second and last third", `${memoryOf("server")} MB`],
    ["memory of its engine, likewise", `${memoryOf("engines")} MB`],
    ["still running when it was stopped", String(health.running + health.queued)],
    ["exit code at SIGTERM", String(code)],
  ],
};
console.log(markdownTable([table.columns, ...table.rows]));
const reasons = new Map<string, number>();
for (const { reason } of visits) if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
for (const [reason, times] of reasons) console.log(`${times} times: ${reason}`);
if (file !== undefined) await writeFile(file, `${JSON.stringify(table, undefined, 2)}\n`);
