/**
 * Where a step's time and memory go: ONNX Runtime's own profile of one replica of the reference
 * network or a preset's, by operator; the values alive at once, by the op that made them.
 *
 *   npm run bench:profile [-- train|sample [images [preset]]]
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ort from "onnxruntime-node";
import { weightsInMemory } from "../src/models/model.ts";
import { presetNamed } from "../src/models/presets.ts";
import { uNetConfig } from "../src/nn/config.ts";
import { type TrainingCost, trainingCost } from "../src/nn/graph-costs.ts";
import { inferenceGraph, lowMemorySession, trainingGraph } from "../src/nn/graphs.ts";
import { initialParameters } from "../src/nn/parameters.ts";
import { parameterSpecs } from "../src/nn/registry.ts";
import { weightInputs } from "../src/runtime/weight-inputs.ts";
import { tensorsIn } from "../src/training/step/vector-tensors.ts";
import { reference } from "./reference.ts";

const runs = 8;
const [mode = "train", images = "8", preset] = process.argv.slice(2);
const batch = Number(images);
const config = preset === undefined ? uNetConfig.parse(reference) : presetNamed(preset).network;
const specs = parameterSpecs(config);
const parameters = initialParameters(specs, 1);
const train = mode === "train";
const trainingOptions = { batch, loss: "l2", weights: "inputs", recompute: false } as const;
const graph = train
  ? { model: trainingGraph(config, specs, trainingOptions), parameters: [] }
  : inferenceGraph(config, specs, "inputs", batch, { ownKernels: "fast" });
const weights = train
  ? tensorsIn(parameters, specs)
  : await weightInputs(graph.parameters, specs, weightsInMemory(parameters));

const folder = await mkdtemp(join(tmpdir(), "palette-profile-"));
const session = await ort.InferenceSession.create(graph.model, {
  intraOpNumThreads: 1,
  graphOptimizationLevel: lowMemorySession.blockedLayout ? "all" : "extended",
  enableMemPattern: lowMemorySession.memoryPattern,
  enableProfiling: true,
  profileFilePrefix: join(folder, "profile"),
});
const image = (channels: number) => {
  const shape = [batch, channels, config.resolution, config.resolution];
  const data = new Float32Array(shape.reduce((a, b) => a * b)).map((_, i) => Math.sin(i));
  return new ort.Tensor("float32", data, shape);
};
const feeds: Record<string, ort.Tensor> = {
  source: image(3),
  noisy: image(3),
  conditioning: new ort.Tensor("float32", new Float32Array(batch).fill(300), [batch]),
};
for (const [name, { data, shape }] of Object.entries(weights))
  feeds[name] = new ort.Tensor("float32", data, shape);
if (train) {
  feeds.target = image(3);
  feeds.weight = image(1);
}
for (let run = 0; run < runs; run++) await session.run(feeds);
session.endProfiling();

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}
const [file] = await readdir(folder);
const events = JSON.parse(await readFile(join(folder, file!), "utf8")) as Event[];
await rm(folder, { recursive: true });
const byOperator = new Map<string, { time: number; count: number }>();
for (const { cat, name, dur, args } of events) {
  if (cat !== "Node" || !name.endsWith("_kernel_time") || args?.op_name === undefined) continue;
  const entry = byOperator.get(args.op_name) ?? { time: 0, count: 0 };
  byOperator.set(args.op_name, { time: entry.time + dur, count: entry.count + 1 });
}
const rows = [...byOperator].sort(([, a], [, b]) => b.time - a.time);
const total = rows.reduce((sum, [, { time }]) => sum + time, 0);
console.log(`${mode}, ${batch} images, one thread: ${(total / runs / 1000).toFixed(0)} ms\n`);
console.log("| operator | ms | nodes |\n|---|---|---|");
for (const [name, { time, count }] of rows) {
  const ms = time / runs / 1000;
  if (ms >= 1) console.log(`| ${name} | ${ms.toFixed(0)} | ${count / runs} |`);
}

console.log(`\npeak of this process: ${megabytes(1024 * process.resourceUsage().maxRSS)}`);
if (train) {
  const [kept, again] = [false, true].map((recompute) =>
    trainingCost(config, specs, { ...trainingOptions, recompute }),
  ) as [TrainingCost, TrainingCost];
  console.log("\n| alive at once in the graph: values of | kept | `--recompute` |\n|---|---|---|");
  console.log(`| all | ${megabytes(kept.live)} | ${megabytes(again.live)} |`);
  const ops = new Set([...kept.liveByOp.keys(), ...again.liveByOp.keys()]);
  const parts = [...ops].map((op) => ({
    op,
    bytes: kept.liveByOp.get(op) ?? 0,
    less: again.liveByOp.get(op) ?? 0,
  }));
  for (const { op, bytes, less } of parts.sort((a, b) => b.bytes - a.bytes))
    if (Math.max(bytes, less) >= 1e6)
      console.log(`| ${op} | ${megabytes(bytes)} | ${megabytes(less)} |`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
