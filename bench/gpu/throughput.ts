/**
 * Images a second of a preset by batch, training and sampling, on a device; and how many examples a
 * second the processor makes of photos, which is the ceiling of any device.
 *
 *   npx tsx bench/gpu/throughput.ts [--device webgpu] [--preset small-64] [--batches 16,32,64,128,256]
 *                                   [--data photos/] [--steps 10]
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ExampleSource } from "../../src/data/examples.ts";
import { tasksByShare } from "../../src/data/task-sampler.ts";
import { scheduleFrom } from "../../src/diffusion/schedule.ts";
import { presetNamed } from "../../src/models/presets.ts";
import { defaultAugmentation } from "../../src/models/settings/augmentation.ts";
import { measureThroughput } from "../../src/node/benchmark/throughput.ts";
import { nodeCodec, photoFiles } from "../../src/node/codec.ts";
import { scanPhotoSets } from "../../src/node/photo-folders.ts";
import type { Device } from "../../src/runtime/runtime.ts";
import { tasks } from "../../src/tasks/registry.ts";
import { BatchSource } from "../../src/training/batches.ts";
import { reasonOf } from "../../src/util/errors.ts";

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "webgpu" },
    preset: { type: "string", default: "small-64" },
    batches: { type: "string", default: "16,32,64,128,256" },
    steps: { type: "string", default: "10" },
    data: { type: "string" },
  },
});
const preset = presetNamed(values.preset);
const { network } = preset;

console.log(`| ${values.preset}, ${values.device} | training, images/s | sampling, calls/s |`);
console.log("|---|---|---|");
for (const batch of values.batches.split(",").filter(Boolean).map(Number)) {
  const cells: string[] = [];
  for (const mode of ["train", "sample"] as const) {
    try {
      const { imagesPerSecond } = await measureThroughput({
        network,
        mode,
        batch,
        threads: availableParallelism(),
        steps: Number(values.steps),
        warmUp: 2,
        device: values.device as Device,
      });
      cells.push(imagesPerSecond.toPrecision(3));
    } catch (thrown) {
      // A batch that does not fit must not end the table.
      cells.push(reasonOf(thrown));
    }
  }
  console.log(`| batch ${batch} | ${cells.join(" | ")} |`);
}

if (values.data !== undefined) {
  const sets = await scanPhotoSets([values.data]);
  const { jpegQuality, ...variation } = defaultAugmentation;
  const examples = new ExampleSource({
    reader: photoFiles,
    codec: nodeCodec,
    photos: sets.flatMap(({ photos }) => photos),
    tasks: tasksByShare(
      tasks.map(({ name }) => name),
      undefined,
    ),
    resolution: network.resolution,
    seed: 1,
    ...variation,
    taskOptions: { jpegQuality },
  });
  const batch = 64;
  const source = new BatchSource(examples, {
    network,
    objective: preset.objective,
    schedule: scheduleFrom(preset.trainingSchedule),
    optimizer: { batch, accumulate: 1 },
    seed: 1,
  });
  await source.batch(0);
  const start = performance.now();
  const used = process.cpuUsage();
  const times = 8;
  for (let k = 1; k <= times; k++) await source.batch(k * batch);
  const seconds = (performance.now() - start) / 1000;
  const { user } = process.cpuUsage(used);
  console.log(
    `\nexamples of photos: ${((times * batch) / seconds).toPrecision(3)} a second; ${(user / 1000 / times / batch).toPrecision(3)} ms of processor time each`,
  );
}
