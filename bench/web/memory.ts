/**
 * What the pictures of a restoration take, without a network: the most memory that the process held
 * beyond the photo and its mask. Linux.
 *
 *   node --expose-gc --import tsx bench/web/memory.ts [width, default 4000] [height, 3000] [file.json]
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createImage, createMask } from "../../src/image/image.ts";
import { findModel, loadModelConfig } from "../../src/node/model-folder.ts";
import { Palette } from "../../src/pipeline/palette.ts";
import type { SamplingProgress } from "../../src/pipeline/sampling-options.ts";
import type { NetworkCall } from "../../src/runtime/network.ts";
import { taskNamed } from "../../src/tasks/registry.ts";
import { mostCopies } from "../../src/tasks/task.ts";
import { giveBack } from "../../src/util/give-back.ts";

const [width = 4000, height = 3000] = process.argv.slice(2, 4).map(Number);
const file = process.argv[4];
const config = await loadModelConfig(await findModel());
const palette = new Palette({
  config,
  /** Answers zeros, of which each is written, as a network's are. */
  async predict({ source, shape, onImage }: NetworkCall) {
    for (let k = 0; k < shape[0]; k++) onImage?.();
    return new Float32Array(source.length).fill(0);
  },
  dispose: async () => {},
});
const photo = createImage(width, height);
for (let i = 0; i < photo.data.length; i++) photo.data[i] = Math.sin(i / 1000 + (i % 3));
const mask = createMask(width, height, 0);
for (let y = Math.floor(0.3 * height); y < 0.6 * height; y++) {
  mask.data.fill(1, y * width + Math.floor(0.3 * width), y * width + Math.floor(0.6 * width));
}

const cases: readonly (readonly [task: string, title: string, options: object])[] = [
  ["colorize", "colorize", {}],
  ["inpaint", "inpaint", { mask }],
  ["uncrop", "uncrop by a quarter", { side: "left", ratio: 0.25 }],
  ["dejpeg", "dejpeg", { steps: 2, quality: 20 }],
];
const rows: string[][] = [];
for (const [task, title, options] of cases) {
  await collected();
  const before = most();
  const [answer] = await palette.restore(task, photo, { ...options, onStep: shown });
  const used = most() - before;
  const copies = (1e6 * used) / (answer?.data.byteLength ?? 1);
  rows.push([
    title,
    `${Math.round(used)} MB`,
    copies.toFixed(1),
    `${taskNamed(task).copies ?? mostCopies}`,
  ]);
  console.log(rows.at(-1));
}
if (file !== undefined) {
  const recorded = new Date().toISOString().slice(0, 10);
  const command = `node --expose-gc --import tsx bench/web/memory.ts ${width} ${height}`;
  const columns = [
    `a photo of ${width}x${height}, itself ${Math.round(photo.data.byteLength / 1e6)} MB`,
    ...["beyond it", "in pictures of the answer's size", "as estimated"],
  ];
  const table = { source: "bench", command, recorded, columns, rows };
  await writeFile(file, `${JSON.stringify(table, undefined, 2)}\n`);
}

/** As the site does: it makes a picture of each estimate, and drops it. */
async function shown({ pictures }: SamplingProgress): Promise<void> {
  for (const make of pictures?.values() ?? []) giveBack((await make()).data);
}

/** Forgets what was held before. */
async function collected(): Promise<void> {
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((done) => setTimeout(done, 300));
  await writeFile("/proc/self/clear_refs", "5");
}

/** Megabytes that the process held at most. */
function most(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1000;
}
