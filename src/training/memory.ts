/** What a training will need, said before it starts. */
import { cachedBytes } from "../data/examples.ts";
import { imagesPerUpdate } from "../models/settings/optimizer.ts";
import type { NetworkConfig } from "../nn/network.ts";
import { parameterCount } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import type { Device, Runtime } from "../runtime/runtime.ts";
import { inGigabytes } from "../util/format.ts";
import type { RunConfig } from "./run-config.ts";
import { stepperOptions, stepStrategy } from "./step/strategy.ts";

/** Node, ONNX Runtime and libvips before they hold anything. */
const processBytes = 300e6;

/**
 * An estimate in bytes: what the step holds (see its strategy's `memory`), the batch at hand and
 * those made ahead, and the photos that are kept decoded. Measured: docs/results/speed.md.
 */
export function trainingMemory(
  config: Pick<
    RunConfig,
    "network" | "objective" | "optimizer" | "augmentation" | "machine" | "photos"
  >,
  device?: Device,
): { readonly parameters: number; readonly bytes: number } {
  const { network, optimizer, augmentation, machine, photos } = config;
  const specs = parameterSpecs(network);
  const { batch, accumulate } = optimizer;
  const strategy = stepStrategy(network, device);
  const { ranks = 1 } = machine;
  const share = Math.ceil(batch / ranks);
  const averages = optimizer.postHocEma ? 3 : 1;
  const step = { ...stepperOptions(config, share), accumulate, averages, ranks };
  const batches = (strategy.batchesAhead + 1) * share * imageBytes(network, step.consistency);
  const cached = cachedBytes(photos.training, network.resolution, augmentation.cropScale);
  return {
    parameters: parameterCount(specs),
    bytes: processBytes + strategy.memory(step, specs) + batches + cached,
  };
}

/**
 * Bytes of an image in a batch: condition, noisy image and target, and the weight of each pixel; in
 * consistency tuning the nearer image besides.
 */
function imageBytes({ channels, resolution }: NetworkConfig, consistency = false): number {
  return 4 * ((consistency ? 4 : 3) * channels + 1) * resolution ** 2;
}

/** @throws PaletteError when the training would not fit in memory, with what might. */
export function assertTrainingFits(
  config: RunConfig,
  { assertFits }: Runtime,
  device?: Device,
): void {
  const { optimizer, machine } = config;
  const { bytes } = trainingMemory(config, device);
  const remedy = () => {
    const smallest = { ...optimizer, batch: 1, accumulate: imagesPerUpdate(optimizer) };
    const one = trainingMemory({ ...config, optimizer: smallest }, device).bytes;
    const recomputing = { ...config, machine: { ...machine, recompute: true } };
    const again = trainingMemory(recomputing, device).bytes;
    const remedies = [
      ...(again < bytes ? [`--recompute (needs ${inGigabytes(again)})`] : []),
      ...(one < bytes
        ? [`a smaller --batch (1 needs ${inGigabytes(one)}) with --accumulate, or a smaller preset`]
        : []),
    ];
    return remedies.length > 0 ? remedies.join(", ") : "take a smaller preset";
  };
  assertFits(bytes, `Training ${config.preset}`, remedy);
}
