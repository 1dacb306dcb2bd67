/** Ops on feature maps of shape [N,C,H,W], whatever their lowering. */
import * as ops from "../graph/index.ts";
import { FeatureMap, type Tensor } from "../graph/index.ts";

/** The sum of two maps of the same shape. */
export function add(a: FeatureMap, b: FeatureMap): FeatureMap {
  if (a.shape.join() !== b.shape.join())
    throw new Error(`add: feature maps [${a.shape}] and [${b.shape}]`);
  return a.withStorage(ops.add(a.storage, b.storage));
}

/** x * sigmoid(x), of a map or of a tensor. */
export function silu<T extends FeatureMap | Tensor>(x: T): T;
export function silu(x: FeatureMap | Tensor): FeatureMap | Tensor {
  return x instanceof FeatureMap ? x.withStorage(ops.silu(x.storage)) : ops.silu(x);
}

/** [N,C1,H,W], [N,C2,H,W], ... to [N,C1+C2+...,H,W]. */
export function concatChannels(maps: readonly FeatureMap[]): FeatureMap {
  return maps[0]!.lowering.concatChannels(maps);
}

/** Means of 2x2 pixels: [N,C,H,W] to [N,C,H/2,W/2]. */
export function averagePool(x: FeatureMap): FeatureMap {
  return onTensor(x, ops.averagePool);
}

/** Each pixel repeated 2x2 times: [N,C,H,W] to [N,C,2H,2W]. */
export function upsample(x: FeatureMap): FeatureMap {
  return onTensor(x, ops.upsample);
}

/** Carries out an op on tensors [N,C,H,W] on a feature map. */
export function onTensor(x: FeatureMap, op: (x: Tensor) => Tensor): FeatureMap {
  return x.lowering.fromTensor(op(x.lowering.toTensor(x)));
}
