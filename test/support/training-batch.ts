import type { TrainingBatch } from "../../src/training/step/types.ts";
import { numbers } from "./differentiation.ts";

/** A batch of `images` RGB pictures of a side, made up; the same for the same name. */
export function trainingBatch(images: number, side: number, name: string): TrainingBatch {
  const image = [images, 3, side, side];
  return {
    source: numbers(image, [-1, 1], name, "source"),
    noisy: numbers(image, [-1, 1], name, "noisy"),
    target: numbers(image, [-1, 1], name, "target"),
    conditioning: numbers([images], [0, 750], name, "level"),
    weight: numbers([images, 1, side, side], [0, 0.01], name, "weight"),
  };
}

/** The images from `start` to `end` of a batch. */
export function part(batch: TrainingBatch, start: number, end: number): TrainingBatch {
  const images = batch.conditioning.length;
  const cut = (data: Float32Array) => {
    const each = data.length / images;
    return data.slice(start * each, end * each);
  };
  return {
    source: cut(batch.source),
    noisy: cut(batch.noisy),
    target: cut(batch.target),
    conditioning: cut(batch.conditioning),
    weight: cut(batch.weight),
  };
}
