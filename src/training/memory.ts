/** What a training will need, said before it starts. */
import { cachedBytes } from "../data/examples.ts";
import { Graph, size } from "../graph/index.ts";
import { imagesPerUpdate } from "../models/settings/optimizer.ts";
import type { UNetConfig } from "../nn/config.ts";
import { lowMemoryTrainingBytes, usesLowMemory } from "../nn/graphs.ts";
import { FlatParameters, parameterCount } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { uNet, uNetInputs } from "../nn/unet.ts";
import { assertFits } from "../node/memory.ts";
import { inGigabytes } from "../util/format.ts";
import type { RunConfig } from "./run-config.ts";
import { imagesAtOnce } from "./step/low-memory.ts";

/** Node, ONNX Runtime and libvips before they hold anything. */
const processBytes = 300e6;

/** The engine's memory is a little more than what is in use, as blocks are rounded up. */
const roundedUp = 1.3;

/** Batches that are made before they are asked for, besides the one at hand. */
export function batchesAhead({ network }: Pick<RunConfig, "network">): number {
  // An update of a large network takes far longer than its images, which are large as well.
  return usesLowMemory(parameterSpecs(network)) ? 1 : 2;
}

/**
 * An estimate in bytes: weights, average and moments once, for each replica its gradients and
 * copies, and every value of the forward pass, which the backward pass needs again. Within a quarter of
 * what was measured for small-64 and tiny-32 at batches from 4 to 32.
 *
 * Of a large network: weights, average, moments, the gradient, the engine's copy of it and, if a batch
 * takes several runs, the sum; and what is alive at once in a run. Measured: docs/results/speed.md.
 *
 * Of both: the batch at hand and those made ahead, and the photos that are kept decoded.
 */
export function trainingMemory(
  config: Pick<
    RunConfig,
    "network" | "objective" | "optimizer" | "augmentation" | "machine" | "photos"
  >,
): { readonly parameters: number; readonly bytes: number } {
  const { network, optimizer, augmentation, photos } = config;
  const { parameters, bytes } = stepMemory(config);
  const batches = (batchesAhead(config) + 1) * optimizer.batch * batchBytes(network);
  const cached = cachedBytes(photos.training, network.resolution, augmentation.cropScale);
  return { parameters, bytes: bytes + batches + cached };
}

/** Bytes of an image in a batch: condition, noisy image and target, and the weight of each pixel. */
function batchBytes({ channels, resolution }: UNetConfig): number {
  return 4 * (3 * channels + 1) * resolution ** 2;
}

function stepMemory({
  network,
  objective: { loss },
  optimizer: { batch, accumulate },
  machine,
}: Pick<RunConfig, "network" | "objective" | "optimizer" | "machine">): {
  readonly parameters: number;
  readonly bytes: number;
} {
  const specs = parameterSpecs(network);
  const parameters = parameterCount(specs);
  if (usesLowMemory(specs)) {
    const images = imagesAtOnce({ config: network, batch });
    const vectors = accumulate * batch > images ? 7 : 6;
    const live = lowMemoryTrainingBytes(network, specs, { batch: images, loss });
    return { parameters, bytes: processBytes + 4 * vectors * parameters + roundedUp * live };
  }
  const values = (images: number): number => {
    const graph = new Graph();
    uNet(network, new FlatParameters(graph, specs), uNetInputs(graph, network, images));
    // Reshaping copies nothing.
    const held = graph.nodes.filter(({ op }) => op !== "reshape");
    return held.reduce((sum, { shape }) => sum + size(shape), 0);
  };
  // What is made of the weights does not grow with the batch.
  const one = values(1);
  const each = values(2) - one;
  const replicas = Math.min(machine.threads, batch);
  const perReplica = 5 * parameters + one - each;
  const numbers = 4 * parameters + replicas * perReplica + batch * each;
  return { parameters, bytes: processBytes + 4 * numbers };
}

/** @throws PaletteError when the training would not fit in memory, with what might. */
export function assertTrainingFits(config: RunConfig): void {
  const one = trainingMemory({
    ...config,
    optimizer: { ...config.optimizer, batch: 1, accumulate: imagesPerUpdate(config.optimizer) },
  }).bytes;
  const { bytes } = trainingMemory(config);
  const smaller = `a smaller --batch (1 needs ${inGigabytes(one)}) with --accumulate, or a smaller preset`;
  assertFits(bytes, `Training ${config.preset}`, one < bytes ? smaller : "take a smaller preset");
}
