/**
 * A network call in int8 beside one in float32, in turn in one process, one thread, by CPU time;
 * and what the answers lose: docs/experiments/025.
 *
 *   npx tsx bench/int8.ts MODEL PHOTOS [speed|answers]
 *
 * MODEL is one that `palette calibrate` made. Photos are those that the model's training held out.
 */
import { ExampleSource } from "../src/data/examples.ts";
import { splitHoldOut } from "../src/data/hold-out.ts";
import type { TaskName } from "../src/index.ts";
import { weightsInMemory } from "../src/models/model.ts";
import { type InferenceGraphOptions, inferenceGraph, lowMemorySession } from "../src/nn/graphs.ts";
import { parameterSpecs } from "../src/nn/registry.ts";
import { nodeCodec, photoFiles } from "../src/node/codec.ts";
import { loadModel } from "../src/node/model-folder.ts";
import { Palette } from "../src/node/palette.ts";
import { scanPhotoSets } from "../src/node/photo-folders.ts";
import { openSession } from "../src/runtime/node/session.ts";
import type { EngineTensors } from "../src/runtime/runtime.ts";
import { weightInputs } from "../src/runtime/weight-inputs.ts";
import { taskNamed } from "../src/tasks/registry.ts";

const [folder, data, mode] = process.argv.slice(2);
if (folder === undefined || data === undefined) throw new Error("give a model and photos");
const { config, parameters } = await loadModel(folder);
const { network, int8: quantization } = config;
if (quantization === undefined) throw new Error(`${folder} is not calibrated`);
const specs = parameterSpecs(network);
const runs = 16;
const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function speed(images: number, side: number): Promise<void> {
  const size: InferenceGraphOptions["size"] = [side, side];
  const today = inferenceGraph(network, specs, "inputs", images, { size, ownKernels: "fast" });
  const weights = await weightInputs(today.parameters, specs, weightsInMemory(parameters));
  const bytes = inferenceGraph(network, specs, parameters, images, { size, quantization });
  const sessions = [
    await openSession(today.model, lowMemorySession, weights),
    await openSession(bytes.model, { memoryPattern: false }),
  ];
  const shape = [images, network.channels, side, side];
  const picture = (turn: number) => ({
    data: Float32Array.from({ length: images * 3 * side ** 2 }, (_, i) => Math.sin(turn * i)),
    shape,
  });
  const level = { data: new Float32Array(images).fill(300), shape: [images] };
  const feeds: EngineTensors = { source: picture(0.01), noisy: picture(0.7), conditioning: level };
  const times: number[][] = sessions.map(() => []);
  for (let run = 0; run <= runs; run++) {
    for (const [k, session] of sessions.entries()) {
      const before = process.cpuUsage();
      await session.run(feeds);
      const { user, system } = process.cpuUsage(before);
      if (run > 0) times[k]!.push((user + system) / 1000);
    }
  }
  const [float, int] = times as [number[], number[]];
  const cells = [
    images,
    side,
    median(float).toFixed(0),
    median(int).toFixed(0),
    median(float.map((time, k) => time / int[k]!)).toFixed(2),
    (Math.min(...float) / Math.min(...int)).toFixed(2),
  ];
  console.log(`| ${cells.join(" | ")} |`);
  for (const session of sessions) await session.release();
}

async function answers(task: TaskName, crops = 16): Promise<void> {
  const sets = await scanPhotoSets([data!]);
  const rule = config.training?.photos?.holdOut ?? "none";
  const split = splitHoldOut(
    sets.map(({ photos }) => photos),
    rule,
  );
  const photos = rule === "none" ? split.train : split.heldOut;
  const { resolution } = network;
  const given = { reader: photoFiles, codec: nodeCodec, photos, resolution, seed: 5 };
  const examples = new ExampleSource({ ...given, tasks: [taskNamed(task)] });
  const some = await Promise.all(Array.from({ length: crops }, (_, k) => examples.example(k)));
  const requests = some.map(({ condition }, seed) => ({ condition, seed }));
  const made: Float32Array[][] = [];
  for (const precision of ["float32", "int8"] as const) {
    const palette = await Palette.load(folder, { threads: 1, precision });
    const steps = palette.stepsFor(task);
    const images = await palette.sampleBatch(requests, { steps, together: true });
    made.push(images.map(([image]) => image!.data));
    await palette.dispose();
  }
  const [float, int] = made as [Float32Array[], Float32Array[]];
  const each = (a: (k: number) => Float32Array, b: (k: number) => Float32Array) =>
    some.map((_, k) => decibels(a(k), b(k)));
  const truth = (k: number) => some[k]!.y.data;
  const between = each(
    (k) => float[k]!,
    (k) => int[k]!,
  );
  const own = each((k) => float[k]!, truth);
  const others = each((k) => int[k]!, truth);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const gains = others.map((value, k) => value - own[k]!);
  const error = Math.sqrt(mean(gains.map((gain) => (gain - mean(gains)) ** 2)) / crops);
  const numbers = [mean(between), Math.min(...between), mean(own), mean(others), mean(gains)];
  console.log(
    `| ${[task, ...numbers.map((n) => n.toFixed(2))].join(" | ")} ± ${error.toFixed(2)} |`,
  );
}

/** PSNR of pictures in [-1, 1]. */
function decibels(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10((4 * a.length) / sum);
}

if (mode !== "answers") {
  console.log("| images | side | float32, ms | int8, ms | times as fast | fastest runs |");
  for (const [images, side] of [
    [4, 64],
    [1, 64],
    [1, 144],
    [1, 192],
  ] as const)
    await speed(images, side);
}
if (mode !== "speed") {
  console.log("| task | int8 to float32, dB | lowest | float32, dB | int8, dB | difference |");
  for (const task of ["dejpeg", "inpaint", "colorize"] as const) await answers(task);
}
