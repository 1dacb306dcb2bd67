/**
 * Convolution along the rows only, in groups: what is left of a 3x3 convolution once its columns
 * have been transformed (nn/winograd.ts). The weights come tap by tap, which is the order in which
 * their gradient is produced, and in which exchanging and turning them is cheap.
 */
import { defineOp, size, type Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import { reduceSum } from "./reduce.ts";
import { concat, pad, reshape, slice, swapLast, transpose } from "./shape.ts";

const rowConvolutionOp = defineOp<null>({
  name: "rowConvolution",
  infer: ([x, weight, bias]) => {
    const [n, channels, h, w] = x!.shape as [number, number, number, number];
    const [groups, taps, co, ci] = weight!.shape as [number, number, number, number];
    if (channels !== groups * ci || taps % 2 === 0)
      throw new Error(`rowConvolution: [${x!.shape}] into weights [${weight!.shape}]`);
    if (bias !== undefined && bias.shape[0] !== groups * co)
      throw new Error(`rowConvolution: bias [${bias.shape}] for ${groups * co} channels`);
    return [n, groups * co, h, w];
  },
  vjp: (node, _none, gradient) => {
    const [x, weight, bias] = node.inputs as [Tensor, Tensor, Tensor | undefined];
    const turned = slice(swapLast(weight), 1, weight.shape[1]! - 1, weight.shape[1]!, -1);
    return [
      rowConvolution(gradient, turned),
      weightGradient(x, gradient, weight),
      bias && reshape(reduceSum(reduceSum(gradient, [2, 3]), [0]), bias.shape),
    ];
  },
  lower: (lowering, node, _none, [x, weight, ...bias]) => {
    const [groups, taps, co, ci] = node.inputs[1]!.shape as [number, number, number, number];
    const tapsLast = lowering.node("Transpose", [weight!], { perm: [0, 2, 3, 1] });
    const kernel = lowering.node("Reshape", [
      tapsLast,
      lowering.integers([groups * co, ci, 1, taps]),
    ]);
    const padding = (taps - 1) / 2;
    return lowering.node("Conv", [x!, kernel, ...bias], {
      group: groups,
      kernel_shape: [1, taps],
      pads: [0, padding, 0, padding],
    });
  },
  evaluate: (node, _none, [x, weight, bias]) => {
    const [, channels, h, w] = node.shape as [number, number, number, number];
    const [groups, taps, co, ci] = node.inputs[1]!.shape as [number, number, number, number];
    const out = new Float64Array(size(node.shape));
    for (let i = 0; i < out.length; i++) {
      const [column, row] = [i % w, Math.floor(i / w) % h];
      const channel = Math.floor(i / (w * h)) % channels;
      const [group, o] = [Math.floor(channel / co), channel % co];
      const image = Math.floor(i / (w * h * channels));
      let sum = bias?.[channel] ?? 0;
      for (let tap = 0; tap < taps; tap++) {
        const from = column + tap - (taps - 1) / 2;
        if (from < 0 || from >= w) continue;
        for (let c = 0; c < ci; c++) {
          const source = ((image * groups + group) * ci + c) * h + row;
          sum += x![source * w + from]! * weight![((group * taps + tap) * co + o) * ci + c]!;
        }
      }
      out[i] = sum;
    }
    return out;
  },
});

/**
 * x [N,G*Ci,H,W], weight [G,K,Co,Ci] with K odd taps along the row, bias [G*Co], to [N,G*Co,H,W]
 * with zeros beyond the ends of the rows.
 */
export function rowConvolution(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return rowConvolutionOp(bias ? [x, weight, bias] : [x, weight], null);
}

/** The gradient for the weights: a product over the positions for each group and tap. */
function weightGradient(x: Tensor, gradient: Tensor, weight: Tensor): Tensor {
  const [groups, taps, co, ci] = weight.shape as [number, number, number, number];
  const [n, , h, w] = x.shape as [number, number, number, number];
  const padding = (taps - 1) / 2;
  const images = (t: Tensor, channels: number) =>
    reshape(transpose(t, [1, 0, 2, 3]), [groups, channels, n * h * w]);
  const outgoing = images(gradient, co);
  const padded = pad(x, 3, padding, padding);
  const products = Array.from({ length: taps }, (_, tap) => {
    const moved = images(slice(padded, 3, tap, w), ci);
    return reshape(matmul(outgoing, swapLast(moved)), [groups, 1, co, ci]);
  });
  return concat(products, 1);
}
