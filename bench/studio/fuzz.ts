/**
 * Requests that are wrong in every way against a whole studio on the smallest network: none may be
 * answered with 5xx, and nothing may be left when all are answered.
 *
 *   npx tsx bench/studio/fuzz.ts [requests, default 10000] [seed]
 */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioClient } from "../../src/studio/client/index.ts";
import { Random } from "../../src/util/random.ts";
import { fuzzedRequest } from "../../test/support/fuzzed-requests.ts";
import { pictureFile, savedModel } from "../../test/support/studio.ts";
import { serverProcess } from "./server-process.ts";

const atOnce = 8;
const [requests = "10000", seed = "1"] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "palette-fuzz-"));
const model = await savedModel(join(folder, "model"));
const pictures = await Promise.all(
  (["png", "jpeg", "webp"] as const).map((format) => pictureFile(40, 32, format)),
);
const temporary = join(folder, "tmp");
await mkdir(temporary);
const limits = ["--max-pixels", "0.05", "--max-upload", "1"];
const server = await serverProcess(["--model", model, ...limits], temporary);
const client = new StudioClient({ url: server.url });
const statuses = new Map<string, number>();
const faults: string[] = [];
const memory: string[] = [];
let next = 0;

async function ask(): Promise<void> {
  while (next < Number(requests)) {
    const n = next++;
    const { path, body, ...init } = fuzzedRequest(pictures, Random.from(Number(seed), "fuzz", n));
    const sent = body && { body: new Uint8Array(body) };
    try {
      const response = await fetch(server.url + path, { ...init, ...sent });
      const text = await response.text();
      const { status } = response;
      statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
      if (status >= 500) faults.push(`request ${n}: ${status} ${text.slice(0, 200)}`);
    } catch (error) {
      faults.push(`request ${n}: no answer (${error instanceof Error ? error.message : error})`);
    }
    if (n % Math.ceil(Number(requests) / 10) === 0) {
      const { server: mb, engines } = server.memory();
      memory.push(`${n}: ${mb} + ${engines}`);
      console.error(`${n} requests, ${mb} MB the server, ${engines} MB its engine`);
    }
  }
}

const start = performance.now();
await Promise.all(Array.from({ length: atOnce }, ask));
const end = Date.now() + 120_000;
let health = await client.health();
while (health.queued + health.running > 0 && Date.now() < end) {
  await sleep(200);
  health = await client.health();
}
const code = await server.stop();
// tsx keeps what it has compiled, and ONNX Runtime an empty log of each process.
const rest = (await readdir(temporary)).filter((name) => !/^(tsx-|mat-debug-|\.ses$)/.test(name));
await rm(folder, { recursive: true });

console.log(`requests              ${next} in ${Math.round((performance.now() - start) / 1000)} s`);
for (const [status, count] of [...statuses].sort())
  console.log(`  ${status}                 ${count}`);
console.log(`5xx or no answer      ${faults.length}`);
for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`);
console.log(`waiting, running      ${health.queued}, ${health.running}`);
console.log(`files left            ${rest.length} ${rest.join(" ")}`);
console.log(`MB, server + engine   ${memory.join("; ")}`);
console.log(`exit code at SIGTERM  ${code}`);
process.exitCode =
  faults.length + rest.length + health.queued + health.running > 0 || code !== 0 ? 1 : 0;
