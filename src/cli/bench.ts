/** `palette bench`: training images and network calls a second on this machine. */
import { availableParallelism } from "node:os";
import { presetNamed } from "../models/presets.ts";
import { operationsPerImage } from "../nn/graph-costs.ts";
import { matrixPeak } from "../node/benchmark/peak-memory.ts";
import { measureThroughput, type Throughput } from "../node/benchmark/throughput.ts";
import { counted, inGigabytes, quantity } from "../util/format.ts";
import type { BenchFlags } from "./commands/bench.ts";
import { say } from "./console.ts";
import { readNetwork } from "./network.ts";
import { startProgress } from "./progress.ts";

export async function bench(options: BenchFlags): Promise<void> {
  const preset = presetNamed(options.preset);
  const network = options.network ? await readNetwork(options.network) : preset.network;
  const batch = options.batch ?? preset.optimizer.batch;
  const threads = options.threads ?? availableParallelism();
  const { steps, warmup: warmUp, recompute, device } = options;
  const modes =
    options.mode === "both" ? (["train", "sample"] as const) : ([options.mode] as const);
  const results: Throughput[] = [];
  for (const mode of modes) {
    const progress = startProgress(mode === "train" ? "training steps" : "network calls", 1);
    const onStep = (done: number, total: number) => progress.update(done, total);
    try {
      const lanes = { network, mode, batch, threads, steps, warmUp, recompute, device, onStep };
      results.push(await measureThroughput(lanes));
    } finally {
      progress.stop();
    }
  }
  const peak = await matrixPeak(threads);
  const work = operationsPerImage(network, Math.ceil(batch / threads));
  const name = options.network ? "custom" : preset.name;
  const rows = results.map((result) => {
    const perImage = result.mode === "train" ? work.train : work.sample;
    return { ...result, shareOfPeak: (result.imagesPerSecond * perImage) / peak };
  });
  if (options.json) {
    say(JSON.stringify({ name, device, matrixPeak: peak, work, results: rows }, undefined, 2));
    return;
  }
  say(`${name}: ${counted(results[0]!.parameters)} parameters, batch ${batch}`);
  for (const row of rows) {
    const what = row.mode === "train" ? "training" : "sampling";
    const unit = row.mode === "train" ? "images" : "network calls (images)";
    const memory = inGigabytes(row.peakMemoryBytes);
    say(
      `${what}  ${row.imagesPerSecond.toLocaleString("en-US", { maximumSignificantDigits: 3 })} ${unit}/s on ${quantity(threads, "thread")}, ` +
        `${(100 * row.shareOfPeak).toFixed(0)} % of the matrix peak, ${memory}`,
    );
  }
  say(`matrix peak ${(peak / 1e9).toFixed(0)} GFLOP/s (large products, one a thread)`);
}
