/** Batched matrix products. */
import { defineOp, type Shape, size, type Tensor } from "../tensor.ts";
import { reduceTo } from "./reduce.ts";
import { swapLast } from "./shape.ts";

const matmulOp = defineOp<null>({
  name: "matmul",
  infer: ([a, b]) => {
    const [m, k] = a!.shape.slice(-2) as [number, number];
    const [k2, n] = b!.shape.slice(-2) as [number, number];
    if (k !== k2) throw new Error(`matmul: [${a!.shape}] times [${b!.shape}]`);
    return [...batchShape(a!.shape, b!.shape), m, n];
  },
  vjp: (node, _none, gradient) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    return [
      reduceTo(matmul(gradient, swapLast(b)), a.shape),
      reduceTo(matmul(swapLast(a), gradient), b.shape),
    ];
  },
  emit: (emitter, _node, _none, inputs) => emitter.node("MatMul", inputs),
  evaluate: (node, _none, [x, y]) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const [m, k] = a.shape.slice(-2) as [number, number];
    const n = b.shape[b.shape.length - 1]!;
    const out = new Float64Array(size(node.shape));
    const batches = size(node.shape.slice(0, -2));
    const stepA = a.shape.length > 2 && size(a.shape) > m * k ? m * k : 0;
    const stepB = b.shape.length > 2 && size(b.shape) > k * n ? k * n : 0;
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++)
            sum += x![batch * stepA + i * k + q]! * y![batch * stepB + q * n + j]!;
          out[(batch * m + i) * n + j] = sum;
        }
      }
    }
    return out;
  },
});

/** [..., M, K] times [..., K, N]; the leading axes are equal, or absent on one side. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return matmulOp([a, b], null);
}

function batchShape(a: Shape, b: Shape): Shape {
  const left = a.slice(0, -2);
  const right = b.slice(0, -2);
  if (left.length === 0 || right.length === 0) return left.length === 0 ? right : left;
  if (left.join() !== right.join()) throw new Error(`matmul: batches [${left}] and [${right}]`);
  return left;
}
