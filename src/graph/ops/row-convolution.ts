/**
 * Convolution along rows that do not see each other, in groups: what is left of a 3x3 convolution
 * once its columns have been transformed (nn/winograd.ts). Two ways give the same numbers:
 * ONNX's Conv, or the shifted rows side by side and a matrix product.
 */
import { defineOp, type Emitter, size, type Tensor } from "../tensor.ts";
import { customGradient } from "./custom-gradient.ts";
import { matmul } from "./matmul.ts";
import { concat, reshape, shift, slice, swapLast, transpose } from "./shape.ts";

/** Where the weights keep their taps: [G,Co,K,Ci], or as ONNX's Conv has them, [G,Co,Ci,K]. */
interface Taps {
  readonly last: boolean;
}

const convolutionOp: (inputs: readonly Tensor[], taps: Taps) => Tensor = defineOp<Taps>({
  name: "rowConvolution",
  infer: ([x, weight], { last }) => {
    const [groups, ci, rows, w] = x!.shape as [number, number, number, number];
    const [g, co, ...rest] = weight!.shape as [number, number, number, number];
    const [taps, c] = last ? rest.toReversed() : rest;
    if (groups !== g || ci !== c || taps! % 2 === 0)
      throw new Error(`rowConvolution: [${x!.shape}] into weights [${weight!.shape}]`);
    return [groups, co, rows, w];
  },
  vjp: (node, { last }, gradient) => {
    const [x, given] = node.inputs as [Tensor, Tensor];
    const weight = last ? swapLast(given) : given;
    const [groups, co, taps, ci] = weight.shape as [number, number, number, number];
    const turned = slice(transpose(weight, [0, 3, 2, 1]), 2, taps - 1, taps, -1);
    const outgoing = reshape(gradient, [groups, co, positionsOf(gradient)]);
    const products = shifted(x, taps).map((moved) =>
      reshape(matmul(outgoing, swapLast(moved)), [groups, co, 1, ci]),
    );
    const weights = concat(products, 2);
    return [convolutionOp([gradient, turned], { last: false }), last ? swapLast(weights) : weights];
  },
  emit: (emitter, node, { last }, [x, weight]) => {
    const [groups, ci, rows, w] = node.inputs[0]!.shape as [number, number, number, number];
    const taps = node.inputs[1]!.shape[last ? 3 : 2]!;
    // ONNX Runtime computes first what comes last here: the rows, then the kernel that meets them.
    const kernel = last
      ? emitter.reshape(weight!, [groups * node.shape[1]!, ci, 1, taps])
      : tapsInnermost(emitter, node.inputs[1]!, weight!);
    const flat = emitter.reshape(x!, [1, groups * ci, rows, w]);
    const padding = (taps - 1) / 2;
    const result = emitter.node("Conv", [flat, kernel], {
      group: groups,
      kernel_shape: [1, taps],
      pads: [0, padding, 0, padding],
    });
    return emitter.reshape(result, node.shape);
  },
  evaluate: (node, { last }, [x, weight]) => convolve(node, x!, weight!, last),
});

/** [G,Co,K,Ci] as ONNX's Conv takes it, [G*Co,Ci,1,K]. */
function tapsInnermost(emitter: Emitter, weight: Tensor, name: string): string {
  const [groups, co, taps, ci] = weight.shape as [number, number, number, number];
  const shape = [groups * co, ci, 1, taps];
  if (weight.data === undefined) {
    const tapsLast = emitter.node("Transpose", [name], { perm: [0, 1, 3, 2] });
    return emitter.reshape(tapsLast, shape);
  }
  const data = new Float32Array(weight.data.length);
  for (let i = 0; i < data.length; i++) {
    const [c, tap] = [i % ci, Math.floor(i / ci) % taps];
    const row = Math.floor(i / (ci * taps));
    data[(row * ci + c) * taps + tap] = weight.data[i]!;
  }
  return emitter.floats(data, shape);
}

/**
 * The same as one product of the weights with what each tap sees of x, [G,K*Ci,R*W]. The gradient
 * goes straight to x, as a product again, rather than back through those copies.
 */
function product(x: Tensor, weight: Tensor): Tensor {
  const [groups, co, taps, ci] = weight.shape as [number, number, number, number];
  const [, , rows, w] = x.shape as [number, number, number, number];
  const positions = rows * w;
  // Recorded before the columns: ONNX Runtime works for the last recorded input first.
  const kernel = reshape(weight, [groups, co, taps * ci]);
  const columns = concat(shifted(x, taps), 1);
  const value = matmul(kernel, columns);
  return customGradient(reshape(value, [groups, co, rows, w]), [x, weight], (gradient) => {
    const turned = reshape(transpose(weight, [0, 3, 1, 2]), [groups, ci, co * taps]);
    const parts = shifted(gradient, taps).map((part) => reshape(part, [groups, co, 1, positions]));
    const incoming = reshape(concat(parts.reverse(), 2), [groups, co * taps, positions]);
    const outgoing = reshape(gradient, [groups, co, positions]);
    return [
      reshape(matmul(turned, incoming), x.shape),
      reshape(matmul(outgoing, swapLast(columns)), weight.shape),
    ];
  });
}

/**
 * x [G,Ci,R,W], weight [G,Co,K,Ci] with K odd taps along the rows, to [G,Co,R,W], with zeros beyond
 * the ends of the rows.
 *
 * ONNX's Conv wants the taps innermost, and turned for the backward pass: rearranging large weights
 * costs more than copying few positions, so those are multiplied as they are (measured).
 */
export function rowConvolution(x: Tensor, weight: Tensor): Tensor {
  return weight.constant || positionsOf(x) > 16 * weight.shape[1]!
    ? convolutionOp([x, weight], { last: false })
    : product(x, weight);
}

/** The same of weights [G,Co,Ci,K], always by ONNX's Conv, which then need not rearrange them. */
export function rowConvolutionTapsLast(x: Tensor, weight: Tensor): Tensor {
  return convolutionOp([x, weight], { last: true });
}

/** What each tap sees, [G,C,R*W] each. */
function shifted(x: Tensor, taps: number): Tensor[] {
  const shape = [x.shape[0]!, x.shape[1]!, positionsOf(x)];
  const reach = (taps - 1) / 2;
  return Array.from({ length: taps }, (_, tap) => reshape(shift(x, 3, reach - tap), shape));
}

function positionsOf(x: Tensor): number {
  return x.shape[2]! * x.shape[3]!;
}

/** The definition, number by number. */
function convolve(node: Tensor, x: Float64Array, weight: Float64Array, tapsLast: boolean) {
  const [, co, rows, w] = node.shape as [number, number, number, number];
  const [, , a, b] = node.inputs[1]!.shape as [number, number, number, number];
  const [taps, ci] = tapsLast ? [b, a] : [a, b];
  const place = (tap: number, c: number) => (tapsLast ? c * taps + tap : tap * ci + c);
  return Float64Array.from({ length: size(node.shape) }, (_, i) => {
    const [column, row, o] = [i % w, Math.floor(i / w) % rows, Math.floor(i / (w * rows)) % co];
    const group = Math.floor(i / (w * rows * co));
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const from = column + tap - (taps - 1) / 2;
      if (from < 0 || from >= w) continue;
      for (let c = 0; c < ci; c++)
        sum +=
          x[((group * ci + c) * rows + row) * w + from]! *
          weight[(group * co + o) * taps * ci + place(tap, c)]!;
    }
    return sum;
  });
}
