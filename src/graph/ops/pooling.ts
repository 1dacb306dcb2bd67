/** Changing resolution by two, and trading resolution for channels. */
import { defineOp, size, type Tensor } from "../tensor.ts";
import { mul } from "./elementwise.ts";
import { reshape, transpose } from "./shape.ts";

const averagePoolOp = defineOp<null>({
  name: "averagePool",
  infer: ([x]) => {
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    if (h % 2 !== 0 || w % 2 !== 0) throw new Error(`averagePool: odd size in [${x!.shape}]`);
    return [n, c, h / 2, w / 2];
  },
  vjp: (_node, _none, gradient) => [upsample(mul(gradient, 0.25))],
  emit: (emitter, _node, _none, inputs) =>
    emitter.node("AveragePool", inputs, { kernel_shape: [2, 2], strides: [2, 2] }),
  evaluate: (node, _none, [x]) => {
    const [, , h, w] = node.shape as [number, number, number, number];
    return Float64Array.from({ length: size(node.shape) }, (_, i) => {
      const plane = Math.floor(i / (h * w));
      const row = Math.floor(i / w) % h;
      const at = plane * 4 * h * w + 2 * row * 2 * w + 2 * (i % w);
      return (x![at]! + x![at + 1]! + x![at + 2 * w]! + x![at + 2 * w + 1]!) / 4;
    });
  },
});

/** Mean of each 2x2 block: [N,C,H,W] to [N,C,H/2,W/2]. */
export function averagePool(x: Tensor): Tensor {
  return averagePoolOp([x], null);
}

const upsampleOp = defineOp<null>({
  name: "upsample",
  infer: ([x]) => {
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    return [n, c, 2 * h, 2 * w];
  },
  vjp: (_node, _none, gradient) => [mul(averagePool(gradient), 4)],
  emit: (emitter, _node, _none, [input]) =>
    emitter.node("Resize", [input!, "", emitter.floats(new Float32Array([1, 1, 2, 2]), [4])], {
      mode: "nearest",
      nearest_mode: "floor",
      coordinate_transformation_mode: "asymmetric",
    }),
  evaluate: (node, _none, [x]) => {
    const [, , h, w] = node.shape as [number, number, number, number];
    return Float64Array.from({ length: size(node.shape) }, (_, i) => {
      const plane = Math.floor(i / (h * w));
      const row = Math.floor(i / w) % h;
      return x![plane * (h / 2) * (w / 2) + (row >> 1) * (w / 2) + ((i % w) >> 1)]!;
    });
  },
});

/** Nearest neighbour: [N,C,H,W] to [N,C,2H,2W]. */
export function upsample(x: Tensor): Tensor {
  return upsampleOp([x], null);
}

/** [N,C,H,W] to [N,C*f*f,H/f,W/f]: channel c*f*f + fy*f + fx holds pixel (y*f+fy, x*f+fx). */
export function spaceToDepth(x: Tensor, factor: number): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const f = factor;
  if (f === 1) return x;
  const blocks = reshape(x, [n, c, h / f, f, w / f, f]);
  return reshape(transpose(blocks, [0, 1, 3, 5, 2, 4]), [n, c * f * f, h / f, w / f]);
}

/** The inverse of `spaceToDepth`. */
export function depthToSpace(x: Tensor, factor: number): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const f = factor;
  if (f === 1) return x;
  const blocks = reshape(x, [n, c / (f * f), f, f, h, w]);
  return reshape(transpose(blocks, [0, 1, 4, 2, 5, 3]), [n, c / (f * f), h * f, w * f]);
}
