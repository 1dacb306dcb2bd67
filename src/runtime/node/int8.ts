/** Whether this processor's products of bytes are right. */
import { encodeOnnx, Graph, quantizedConv2d } from "../../graph/index.ts";
import { openSession } from "./session.ts";

let known: Promise<boolean> | undefined;

/**
 * Processors without VNNI (or ARM's dot products) add pairs of products in 16 bits, where large
 * ones saturate. What 255 * 127 + 255 * 127 gives tells them apart, whatever the platform.
 */
export function multipliesBytes(): Promise<boolean> {
  known ??= tried();
  return known;
}

/** Input channels: all parts of a product of any kernel. */
const channels = 64;

async function tried(): Promise<boolean> {
  const graph = new Graph();
  const x = graph.input("x", [1, 4, 4, channels]);
  const weight = graph.constant(new Float32Array(16 * channels).fill(127), [16, channels, 1, 1]);
  const bias = graph.constant(new Float32Array(16), [16]);
  const sum = channels * 255 * 127;
  const output = quantizedConv2d(x, weight, bias, {
    ...{ stride: 1, padding: 0, dilation: 1, upsampled: false },
    ...{ input: [0, 255], output: [0, sum] },
  });
  const session = await openSession(encodeOnnx(graph, { output }));
  const feeds = { x: { data: new Float32Array(16 * channels).fill(255), shape: x.shape } };
  const { data } = (await session.run(feeds)).output!;
  await session.release();
  return data.every((value) => Math.abs(value / sum - 1) < 0.01);
}
