/** What the machine can do at best: the arithmetic rate of large matrix products, one a thread. */

import { encodeOnnx, Graph, matmul } from "../../graph/index.ts";
import { createEngine } from "../../runtime/node/engine.ts";

const SIDE = 768;
/** Products in a row, so that the time to start a run does not count. */
const CHAIN = 8;
const RUNS = 7;

/** Floating point operations a second (two for a multiplication with its addition). */
export async function matrixPeak(threads: number): Promise<number> {
  const graph = new Graph();
  const x = graph.input("x", [SIDE, SIDE]);
  const weight = graph.constant(new Float32Array(SIDE * SIDE).fill(1 / SIDE), [SIDE, SIDE]);
  let y = x;
  for (let i = 0; i < CHAIN; i++) y = matmul(y, weight);
  const program = encodeOnnx(graph, { y });
  const engines = await Promise.all(Array.from({ length: threads }, () => createEngine(program)));
  const feeds = { x: { data: new Float32Array(SIDE * SIDE).fill(1), shape: [SIDE, SIDE] } };
  let best = 0;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await Promise.all(engines.map((engine) => engine.run(feeds)));
    const seconds = (performance.now() - start) / 1000;
    best = Math.max(best, (threads * CHAIN * 2 * SIDE ** 3) / seconds);
  }
  await Promise.all(engines.map((engine) => engine.dispose()));
  return best;
}
