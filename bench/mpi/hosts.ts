/**
 * Two hosts on one machine, as network namespaces joined by a virtual cable: how fast they train
 * together, what goes over the cable, and what happens when it breaks.
 * `tsx bench/mpi/hosts.ts [wire] [break] [speed] [--record]` (root; Open MPI, iproute2): all unless
 * told which, about six minutes on two free cores. `--record` writes docs/results/data/mpi-*.json.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compilePackage } from "../../test/support/compile.ts";
import { mpiEnvironment, palette } from "../../test/support/mpirun.ts";
import { writePhotos } from "../../test/training-photos.ts";

compilePackage();

const hosts = [
  { name: "palette-a", cable: "cable-a", address: "10.77.0.1" },
  { name: "palette-b", cable: "cable-b", address: "10.77.0.2" },
] as const;
const [a, b] = hosts;
const ip = (...args: string[]) =>
  execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

function connect(): void {
  ip("link", "add", a.cable, "type", "veth", "peer", "name", b.cable);
  for (const { name, cable, address } of hosts) {
    ip("netns", "add", name);
    ip("link", "set", cable, "netns", name);
    ip("-n", name, "addr", "add", `${address}/24`, "dev", cable);
    ip("-n", name, "link", "set", cable, "up");
    ip("-n", name, "link", "set", "lo", "up");
  }
}

function disconnect(): void {
  for (const { name } of hosts) {
    try {
      ip("netns", "del", name);
    } catch {
      // It was not made.
    }
  }
}

/** Bytes that a host has sent over the cable. */
const sent = ({ name, cable }: (typeof hosts)[number]): number =>
  Number(
    execFileSync(
      "ip",
      ["netns", "exec", name, "cat", `/sys/class/net/${cable}/statistics/tx_bytes`],
      { encoding: "utf8" },
    ),
  );

/** What mpirun calls in place of ssh: enters the host, which has a name of its own. */
const agent = (folder: string) => join(folder, "enter");
const enter = `#!/bin/sh
case $1 in ${hosts.map(({ name, address }) => `${address}) host=${name} ;;`).join(" ")} esac
shift
exec ip netns exec $host unshare --uts sh -c "hostname $host; $*"
`;

interface Outcome {
  readonly images: number;
  readonly steps: number;
  readonly seen: number;
  readonly seconds: number;
}

const place = await mkdtemp(join(tmpdir(), "palette-mpi-"));
const photos = await writePhotos(join(place, "photos"), 9);
await writeFile(agent(place), enter, { mode: 0o755 });

/** A training on the first `ranks` hosts. */
function start(ranks: number, out: string, args: readonly string[], patience = 60) {
  const command = [
    ...palette("train", "--data", photos, "--out", out, "--json"),
    ...["--tasks", "colorize,inpaint", "--held-out-every", "1000000"],
    ...["--samples-every", "1000000", "--hold-out", "none", ...args],
  ];
  const used = hosts.slice(0, ranks).map(({ address }) => address);
  const mpirun = [
    ...["mpirun", "--mca", "plm_rsh_agent", agent(place), "--mca", "btl", "tcp,self"],
    ...["--mca", "oob_tcp_if_include", "10.77.0.0/24", "--mca", "btl_tcp_if_include"],
    ...["10.77.0.0/24", "--bind-to", "none", "--host", used.join(), "-n", String(ranks)],
  ];
  const inside = ["netns", "exec", a.name, "unshare", "--uts", "sh", "-c"];
  const line = [...mpirun, process.execPath, ...command].map((word) => `'${word}'`).join(" ");
  const child = spawn("ip", [...inside, `hostname ${a.name}; exec ${line}`], {
    env: { ...mpiEnvironment, PALETTE_MPI_TIMEOUT: String(patience) },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    stdout += data;
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data;
  });
  const ended = new Promise<{ code: number | null; outcome?: Outcome; stderr: string }>((resolve) =>
    child.on("close", (code) => {
      const json = stdout.split("\n").find((text) => text.startsWith("{"));
      resolve({ code, stderr, ...(json && { outcome: JSON.parse(json) as Outcome }) });
    }),
  );
  return { child, ended, stderr: () => stderr };
}

/** Processes of a training that still run, by host. */
function alive(out: string): number[] {
  const found = execFileSync("sh", ["-c", "ps -eo pid,args"], { encoding: "utf8" });
  const pids = found
    .split("\n")
    .filter((line) => line.includes(out) && / train /.test(line) && !/mpirun|ip netns/.test(line))
    .map((line) => Number.parseInt(line, 10));
  return hosts.map(({ name }) => {
    const inside = ip("netns", "pids", name).split("\n").map(Number);
    return pids.filter((pid) => inside.includes(pid)).length;
  });
}

/** Images a second, and megabytes that each host sends in an update. */
async function measure(
  ranks: number,
  args: readonly string[],
  { first, images }: { readonly first: number; readonly images: number },
) {
  const out = join(place, `run-${Math.random()}`);
  // The network is compiled and the cable warm before it counts.
  const warm = await start(ranks, out, [...args, "--images", String(first)]).ended;
  if (warm.outcome === undefined) throw new Error(warm.stderr);
  const before = hosts.map(sent);
  const { outcome, stderr } = await start(ranks, out, [...args, "--images", String(images)]).ended;
  if (outcome === undefined) throw new Error(stderr);
  const bytes = hosts.map((host, k) => sent(host) - before[k]!);
  const steps = outcome.steps - warm.outcome.steps;
  const speed = outcome.seen / (outcome.seconds - warm.outcome.seconds);
  return { speed, megabytes: bytes.map((count) => count / steps / 1e6) };
}

const soon = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Seconds from the break until no process is left on either host, and the images saved. */
async function breakCable(): Promise<{ seconds: number[]; before: number; after: number }> {
  const out = join(place, "broken");
  const args = ["--preset", "tiny-32", "--batch", "8", "--threads", "1", "--images", "100000"];
  const job = start(2, out, [...args, "--checkpoint-every", "64"], 10);
  const log = join(out, "log.txt");
  const saved = async () =>
    [...(await readFile(log, "utf8").catch(() => "")).matchAll(/saved at ([\d,]+)/g)].map((match) =>
      Number(match[1]!.replaceAll(",", "")),
    );
  while ((await saved()).length < 2) await soon(100);
  ip("-n", b.name, "link", "set", b.cable, "down");
  const broke = performance.now();
  const seconds: (number | undefined)[] = [undefined, undefined];
  while (seconds.some((time) => time === undefined) && performance.now() - broke < 180_000) {
    for (const [host, count] of alive(out).entries())
      if (count === 0) seconds[host] ??= (performance.now() - broke) / 1000;
    await soon(250);
  }
  const before = (await saved()).at(-1)!;
  job.child.kill("SIGKILL");
  ip("-n", b.name, "link", "set", b.cable, "up");
  await rm(join(out, "lock"), { force: true });
  const more = [...args.slice(0, -1), String(before + 64), "--checkpoint-every", "64"];
  const { outcome, stderr } = await start(2, out, more).ended;
  if (outcome === undefined) throw new Error(`not continued: ${stderr}`);
  return { seconds: seconds.map((time) => time ?? Number.NaN), before, after: outcome.images };
}

const record = process.argv.includes("--record");
const parts = ["wire", "break", "speed"].filter((part) => process.argv.includes(part));
const does = (part: string) => parts.length === 0 || parts.includes(part);
async function keep(name: string, part: string, columns: string[], rows: string[][]) {
  const command = `npx tsx bench/mpi/hosts.ts ${part} --record`;
  console.log([columns, ...rows].map((row) => row.join(" | ")).join("\n"));
  if (!record) return;
  const recorded = new Date().toISOString().slice(0, 10);
  const table = { source: "bench", command, recorded, columns, rows };
  const file = new URL(`../../docs/results/data/${name}.json`, import.meta.url);
  await writeFile(file, `${JSON.stringify(table, undefined, 2)}\n`);
}

async function speed(): Promise<void> {
  const rows: string[][] = [];
  for (const [preset, batch, images] of [
    ["tiny-32", 16, 16 * 41],
    ["small-64", 8, 8 * 7],
  ] as const) {
    const common = ["--preset", preset, "--batch", String(batch)];
    const speeds: number[] = [];
    for (const [ranks, threads] of [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const) {
      const args = [...common, "--threads", String(threads)];
      const { speed } = await measure(ranks, args, { first: 16, images });
      speeds.push(speed);
      rows.push([
        `\`${preset}\`, batch ${batch}`,
        ranks === 1 ? `one host, ${threads} thread${threads > 1 ? "s" : ""}` : "two hosts, 1 each",
        speed.toPrecision(3),
        (speed / speeds[0]!).toFixed(2),
      ]);
      console.log(rows.at(-1)!.join(" | "));
    }
  }
  const columns = ["", "", "images/s", "to one thread"];
  await keep("mpi-hosts", "speed", columns, rows);
}

async function wire(): Promise<void> {
  const rows: string[][] = [];
  const args = ["--preset", "tiny-32", "--batch", "2", "--threads", "1"];
  const { megabytes } = await measure(2, args, { first: 2, images: 42 });
  const sides = megabytes.map((count) => count.toFixed(2));
  rows.push(["`tiny-32`", ((4 * 838_732) / 1e6).toFixed(2), ...sides]);
  const columns = ["", "weights, MB", "host of rank 0 sends an update, MB", "other host, MB"];
  await keep("mpi-wire", "wire", columns, rows);
}

disconnect();
connect();
try {
  if (does("wire")) await wire();
  if (does("break")) {
    const { seconds, before, after } = await breakCable();
    const columns = ["rank 0 ended after", "rank 1 ended after", "last checkpoint", "continued to"];
    const times = seconds.map((time) => `${time.toFixed(1)} s`);
    await keep("mpi-break", "break", columns, [[...times, `${before} images`, `${after} images`]]);
  }
  if (does("speed")) await speed();
} finally {
  disconnect();
  await rm(place, { recursive: true, force: true });
}
