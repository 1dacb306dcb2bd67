/**
 * Convolution and its transpose. The gradient for the input of one is the other (or, at stride 1, a
 * convolution with the flipped kernel, which runs faster); the gradient for the weights is written
 * as matrix products (weight-gradient.ts).
 */
import { defineOp, size, type Tensor } from "../tensor.ts";
import { reduceSum } from "./reduce.ts";
import { pad, reshape, slice, transpose } from "./shape.ts";
import { weightGradient } from "./weight-gradient.ts";

export interface ConvolutionOptions {
  readonly stride?: number;
  /** Zeros added on every side. */
  readonly padding?: number;
  readonly dilation?: number;
  /**
   * Whether a GPU carries it out. The gradient of the weights then spends memory to have few nodes,
   * and input channels are filled up where ONNX Runtime's WebGPU kernel would be wrong.
   */
  readonly onGpu?: boolean;
}

interface Geometry {
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly onGpu?: boolean;
}

const conv2dOp = defineOp<Geometry>({
  name: "conv2d",
  infer: ([x, weight, bias], { stride, padding, dilation }) => {
    const [n, ci, h, w] = x!.shape as [number, number, number, number];
    const [co, wi, kh, kw] = weight!.shape as [number, number, number, number];
    if (ci !== wi) throw new Error(`conv2d: ${ci} channels into weights [${weight!.shape}]`);
    if (bias !== undefined && bias.shape.join() !== `${co}`)
      throw new Error(`conv2d: a bias of shape [${bias.shape}] for ${co} channels`);
    const out = (length: number, k: number) =>
      Math.floor((length + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
    return [n, co, out(h, kh), out(w, kw)];
  },
  vjp: (node, geometry, gradient) => {
    const [x, weight, bias] = node.inputs as [Tensor, Tensor, Tensor | undefined];
    return [
      inputGradient(gradient, weight, x, geometry),
      weightGradient(x, gradient, weight.shape, geometry),
      bias && reshape(reduceSum(reduceSum(gradient, [2, 3]), [0]), bias.shape),
    ];
  },
  emit: (emitter, node, { stride, padding, dilation }, inputs) =>
    emitter.node("Conv", inputs, {
      kernel_shape: node.inputs[1]!.shape.slice(2),
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      dilations: [dilation, dilation],
    }),
  evaluate: (node, geometry, [x, weight, bias]) => {
    const [n, co, ho, wo] = node.shape as [number, number, number, number];
    const out = new Float64Array(size(node.shape));
    if (bias) for (let i = 0; i < out.length; i++) out[i] = bias[Math.floor(i / (ho * wo)) % co]!;
    visitTaps(node.inputs[0]!, node.inputs[1]!, [n, ho, wo], geometry, (i, k, o, block) => {
      out[block.out + o]! += x![i]! * weight![k]!;
    });
    return out;
  },
});

/** x [N,Ci,H,W], weight [Co,Ci,k,k], bias [Co]. */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { stride = 1, padding = 0, dilation = 1, onGpu }: ConvolutionOptions = {},
): Tensor {
  const geometry = { stride, padding, dilation, onGpu };
  const extra = onGpu ? missingChannels(x.shape[1]!) : 0;
  const inputs = [x, weight].map((tensor) => pad(tensor, 1, 0, extra));
  return conv2dOp(bias ? [...inputs, bias] : inputs, geometry);
}

/**
 * Channels up to the next multiple of four, for 6, 9, 15, ...: ONNX Runtime's WebGPU kernel takes
 * three at a time there and gives wrong numbers (1.30; microsoft/onnxruntime#29651).
 */
function missingChannels(channels: number): number {
  return channels > 3 && channels % 3 === 0 ? (4 - (channels % 4)) % 4 : 0;
}

/** The gradient for a convolution's input. */
function inputGradient(gradient: Tensor, weight: Tensor, x: Tensor, geometry: Geometry): Tensor {
  const { stride, padding, dilation, onGpu } = geometry;
  const reach = dilation * (weight.shape[2]! - 1);
  const square = weight.shape[2] === weight.shape[3];
  if (stride === 1 && square && reach >= padding && !flipIsDear(weight, gradient)) {
    const turned = { padding: reach - padding, dilation, onGpu };
    return conv2d(gradient, flipped(weight), undefined, turned);
  }
  return convTranspose2d(gradient, weight, x.shape.slice(2) as [number, number], geometry);
}

/** Turning a large kernel costs more than it saves where it meets few positions (measured). */
function flipIsDear(weight: Tensor, gradient: Tensor): boolean {
  const [n, , h, w] = gradient.shape as [number, number, number, number];
  return size(weight.shape) >= 500_000 && n * h * w <= 1024;
}

/** Input and output channels exchanged, the kernel turned by 180 degrees. */
function flipped(weight: Tensor): Tensor {
  const [co, ci, kh, kw] = weight.shape as [number, number, number, number];
  const exchanged = reshape(transpose(weight, [1, 0, 2, 3]), [ci, co, kh * kw]);
  return reshape(slice(exchanged, 2, kh * kw - 1, kh * kw, -1), [ci, co, kh, kw]);
}

interface TransposedGeometry extends Geometry {
  readonly size: readonly [number, number];
}

const convTranspose2dOp = defineOp<TransposedGeometry>({
  name: "convTranspose2d",
  infer: ([x, weight], attributes) => {
    if (x!.shape[1] !== weight!.shape[0])
      throw new Error(`convTranspose2d: [${x!.shape}] into weights [${weight!.shape}]`);
    const { stride, padding, dilation } = attributes;
    attributes.size.forEach((length, i) => {
      const reach = dilation * (weight!.shape[i + 2]! - 1) + 1;
      if (Math.floor((length + 2 * padding - reach) / stride) + 1 !== x!.shape[i + 2])
        throw new Error(`convTranspose2d: [${x!.shape}] does not come from ${length} pixels`);
    });
    return [x!.shape[0]!, weight!.shape[1]!, ...attributes.size];
  },
  vjp: (node, { stride, padding, dilation }, gradient) => {
    const [x, weight] = node.inputs as [Tensor, Tensor];
    const geometry = { stride, padding, dilation };
    return [
      conv2d(gradient, weight, undefined, geometry),
      weightGradient(gradient, x, weight.shape, geometry),
    ];
  },
  emit: (emitter, node, { stride, padding, dilation }, inputs) => {
    const [x, weight] = node.inputs as [Tensor, Tensor];
    const rest = [2, 3].map((axis) => {
      const reach = dilation * (weight.shape[axis]! - 1) + 1;
      return node.shape[axis]! - (stride * (x.shape[axis]! - 1) + reach - 2 * padding);
    });
    return emitter.node("ConvTranspose", inputs, {
      kernel_shape: weight.shape.slice(2),
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      dilations: [dilation, dilation],
      output_padding: rest,
    });
  },
  evaluate: (node, geometry, [x, weight]) => {
    const source = node.inputs[0]!.shape as readonly [number, number, number, number];
    const out = new Float64Array(size(node.shape));
    const sizes = [source[0], source[2], source[3]] as const;
    visitTaps(node, node.inputs[1]!, sizes, geometry, (i, k, o, block) => {
      out[i]! += x![block.out + o]! * weight![k]!;
    });
    return out;
  },
});

/**
 * The transpose of `conv2d` as a linear map of its input: x [N,Co,Ho,Wo], weight [Co,Ci,k,k], to
 * [N,Ci,H,W] where [H,W] is the size the convolution had as its input.
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  outputSize: readonly [number, number],
  { stride = 1, padding = 0, dilation = 1 }: ConvolutionOptions = {},
): Tensor {
  return convTranspose2dOp([x, weight], { stride, padding, dilation, size: outputSize });
}

/** Visits every (input, weight, output) triple of a convolution whose input has `x`'s shape. */
function visitTaps(
  x: Tensor,
  weight: Tensor,
  [n, ho, wo]: readonly [number, number, number],
  { stride, padding, dilation }: Geometry,
  visit: (input: number, weight: number, output: number, block: { out: number }) => void,
): void {
  const [, ci, h, w] = x.shape as [number, number, number, number];
  const [co, , kh, kw] = weight.shape as [number, number, number, number];
  for (let b = 0; b < n; b++)
    for (let o = 0; o < co; o++) {
      const block = { out: (b * co + o) * ho * wo };
      for (let c = 0; c < ci; c++)
        for (let ky = 0; ky < kh; ky++)
          for (let kx = 0; kx < kw; kx++)
            for (let y = 0; y < ho; y++) {
              const row = y * stride + ky * dilation - padding;
              if (row < 0 || row >= h) continue;
              for (let z = 0; z < wo; z++) {
                const column = z * stride + kx * dilation - padding;
                if (column < 0 || column >= w) continue;
                visit(
                  ((b * ci + c) * h + row) * w + column,
                  ((o * ci + c) * kh + ky) * kw + kx,
                  y * wo + z,
                  block,
                );
              }
            }
    }
}
