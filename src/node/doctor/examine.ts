/** What devices there are, and whether each computes what the processor does. */
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, release } from "node:os";
import ort from "onnxruntime-node";
import { spawnProcess } from "../../runtime/node/spawn.ts";
import { type Device, devices } from "../../runtime/runtime.ts";
import type { Adapter } from "./adapters.ts";
import type { ProbeMessage, ProbeRequest, ProbeResult, ProbeStage } from "./probe.ts";

export interface DeviceReport {
  readonly device: Device;
  /**
   * works: with the processor's numbers; differs: with others; absent: refused; crashed: its
   * process ended; timeout: it did not answer in time.
   */
  readonly state: "works" | "differs" | "absent" | "crashed" | "timeout";
  /** In one line, why it does not work. */
  readonly reason?: string;
  /** Of the processor its model, threads and instruction set; of WebGPU the adapters. */
  readonly hardware: string;
  readonly adapters?: readonly Adapter[];
  /** Largest difference from the processor's numbers, as a share of their largest. */
  readonly difference?: {
    readonly output: number;
    readonly loss: number;
    readonly gradient: number;
  };
  /** Images a second. */
  readonly speed?: { readonly sampling: number; readonly training: number };
  readonly peakMemoryBytes?: number;
}

export interface Examination {
  readonly versions: {
    readonly palette: string;
    readonly node: string;
    readonly onnxruntime: string;
    readonly system: string;
  };
  readonly devices: readonly DeviceReport[];
}

export interface ExamineOptions extends Omit<ProbeRequest, "device"> {
  readonly devices?: readonly Device[];
  /** Seconds that a device has. */
  readonly patience: number;
  readonly onStage?: (device: Device, stage: ProbeStage) => void;
  /** The process that tries a device, in place of the usual one. */
  readonly process?: URL;
}

/** Largest share by which numbers of another device may differ. */
const tolerance = 1e-4;

/** Tries the processor, then the others, each in a process of its own. */
export async function examineDevices(options: ExamineOptions): Promise<Examination> {
  const wanted = options.devices ?? devices;
  const found = new Map<Device, Trial>();
  for (const device of wanted) found.set(device, await trial(device, options));
  const reference = found.get("cpu")?.result;
  return {
    versions: await versions(),
    devices: wanted.map((device) => report(device, found.get(device)!, reference, options)),
  };
}

interface Trial {
  readonly adapters?: readonly Adapter[];
  readonly result?: ProbeResult;
  readonly state?: DeviceReport["state"];
  readonly reason?: string;
}

function trial(
  device: Device,
  { network, batch, threads, patience, onStage, process: module }: ExamineOptions,
): Promise<Trial> {
  const child = spawnProcess(module ?? new URL("./probe-process.ts", import.meta.url), {
    serialization: "advanced",
    // Drivers write there what they like.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise((resolve) => {
    let adapters: readonly Adapter[] | undefined;
    let stage: ProbeStage = "sampling";
    const settle = (trial: Trial) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve({ ...trial, ...(adapters && { adapters }) });
    };
    const timer = setTimeout(
      () => settle({ state: "timeout", reason: `no answer from ${stage} in ${patience} s` }),
      1000 * patience,
    );
    child.on("message", (message: ProbeMessage) => {
      if ("adapters" in message) adapters = message.adapters;
      else if ("stage" in message) {
        stage = message.stage;
        onStage?.(device, stage);
      } else if ("result" in message) settle({ result: message.result });
      else settle({ state: "absent", reason: message.failure });
    });
    child.on("error", (error) => settle({ state: "crashed", reason: error.message }));
    child.on("exit", (code, signal) => {
      settle({ state: "crashed", reason: `its process ended while ${stage}: ${signal ?? code}` });
    });
    child.send({ device, network, batch, threads } satisfies ProbeRequest, () => {});
  });
}

function report(
  device: Device,
  { adapters, result, state, reason }: Trial,
  reference: ProbeResult | undefined,
  { threads }: ExamineOptions,
): DeviceReport {
  const hardware = device === "cpu" ? processor(threads) : (adapters ?? []).map(inWords).join(", ");
  const known = { device, hardware, ...(adapters && { adapters }) };
  if (result === undefined) return { ...known, state: state ?? "crashed", reason };
  const measured = {
    speed: { sampling: result.sampling, training: result.training },
    peakMemoryBytes: result.peakMemoryBytes,
  };
  if (device === "cpu") return { ...known, state: "works", ...measured };
  if (reference === undefined)
    return { ...known, state: "differs", reason: "nothing to compare with", ...measured };
  const difference = {
    output: share(result.output, reference.output),
    loss: share(result.losses, reference.losses),
    gradient: share(result.moment, reference.moment),
  };
  const worst = Math.max(...Object.values(difference));
  return worst <= tolerance
    ? { ...known, state: "works", difference, ...measured }
    : {
        ...known,
        state: "differs",
        reason: `its numbers are off by up to ${worst.toExponential(1)} of the largest`,
        difference,
        ...measured,
      };
}

/** NaN counts as infinitely far. */
function share(found: Float32Array, expected: Float32Array): number {
  let largest = 0;
  let off = 0;
  expected.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    const distance = Math.abs(found[i]! - value);
    off = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(off, distance);
  });
  return off / largest;
}

function processor(threads: number): string {
  const model = cpus()[0]?.model.trim() || process.arch;
  return `${model}, ${threads} of ${availableParallelism()} threads`;
}

function inWords({ name, kind, memory }: Adapter): string {
  return memory ? `${name} (${kind}, ${(memory / 1e9).toFixed(1)} GB)` : `${name} (${kind})`;
}

async function versions(): Promise<Examination["versions"]> {
  const manifest = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  return {
    palette: (JSON.parse(manifest) as { version: string }).version,
    node: process.version,
    onnxruntime: ort.env.versions.node ?? ort.env.versions.common,
    system: `${process.platform} ${process.arch} ${release()}`,
  };
}

/** One line for a report of a bug. */
export function inOneLine({ versions, devices }: Examination): string {
  const { palette, node, onnxruntime, system } = versions;
  const each = devices.map(({ device, state, hardware, reason, difference }) => {
    const worst = difference && Math.max(...Object.values(difference)).toExponential(1);
    const detail = [hardware, worst && `off by ${worst}`, reason].filter(Boolean).join(", ");
    return `${device} ${state}${detail === "" ? "" : ` (${detail})`}`;
  });
  return [`palette ${palette}`, `node ${node}`, `onnxruntime ${onnxruntime}`, system, ...each].join(
    "; ",
  );
}
