/**
 * A convolution in 8 bits (sampling on a processor only; it has no gradient): its input as uint8,
 * its kernel as int8 with a scale for each output channel, its output rounded to uint8. Maps have
 * their channels last.
 */
import { defineOp, type Emitter, type Shape, size, type Tensor } from "../tensor.ts";

/** The smallest and the largest number that a value takes. */
export type ValueRange = readonly [least: number, most: number];

export interface QuantizedConvolutionOptions {
  readonly stride: number;
  /** Zeros added on every side. */
  readonly padding: number;
  readonly dilation: number;
  /** Whether each pixel is repeated 2x2 times before. */
  readonly upsampled: boolean;
  /** Numbers beyond these are clipped. */
  readonly input: ValueRange;
  readonly output: ValueRange;
}

/** Numbers are scale * (byte - zero). */
interface Bytes {
  readonly scale: number;
  readonly zero: number;
}

/** The 256 steps of a range and of 0, which padding needs exactly. */
function bytesOf([least, most]: ValueRange): Bytes {
  const low = Math.min(0, least);
  const scale = Math.fround((Math.max(0, most) - low) / 255) || 1;
  return { scale, zero: Math.round(-low / scale) };
}

/** A kernel [Co,...] with a scale for each output channel. */
function quantizedKernel({ data, shape }: Tensor): { kernel: Int8Array; scales: Float32Array } {
  if (data === undefined) throw new Error("a kernel in 8 bits is made of constants");
  const channels = shape[0]!;
  const each = size(shape) / channels;
  const kernel = new Int8Array(data.length);
  const scales = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const part = data.subarray(channel * each, (channel + 1) * each);
    const largest = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    scales[channel] = largest / 127 || 1;
    kernel.set(
      Int8Array.from(part, (value) => Math.round(value / scales[channel]!)),
      channel * each,
    );
  }
  return { kernel, scales };
}

const quantizedConv2dOp = defineOp<QuantizedConvolutionOptions>({
  name: "quantizedConv2d",
  infer: ([x, weight, bias], { stride, padding, dilation, upsampled }) => {
    const [n, h, w, ci] = x!.shape as [number, number, number, number];
    const [co, wi, kh, kw] = weight!.shape as [number, number, number, number];
    if (ci !== wi || bias!.shape.join() !== `${co}`)
      throw new Error(`quantizedConv2d: [${x!.shape}] by [${weight!.shape}], [${bias!.shape}]`);
    const scaled = upsampled ? 2 : 1;
    const out = (length: number, k: number) =>
      Math.floor((scaled * length + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
    return [n, out(h, kh), out(w, kw), co];
  },
  vjp: () => {
    throw new Error("quantizedConv2d has no gradient");
  },
  emit: (emitter, node, { stride, padding, dilation, upsampled, input, output }, [x]) => {
    const [, weight, bias] = node.inputs as [Tensor, Tensor, Tensor];
    const [from, to] = [bytesOf(input), bytesOf(output)];
    const { kernel, scales } = quantizedKernel(weight);
    const offsets = Int32Array.from(bias.data!, (value, i) =>
      Math.round(value / (from.scale * scales[i]!)),
    );
    const scale = ({ scale }: Bytes) => emitter.floats(Float32Array.of(scale), []);
    const zero = ({ zero }: Bytes) => emitter.bytes(Uint8Array.of(zero), []);
    const channels = [scales.length];
    const map = emitter.node("QuantizeLinear", [x!, scale(from), zero(from)]);
    const inputs = [
      upsampled ? repeated(emitter, map, node.inputs[0]!.shape) : map,
      ...[scale(from), zero(from)],
      emitter.bytes(kernel, weight.shape),
      ...[emitter.floats(scales, channels), emitter.bytes(new Int8Array(scales.length), channels)],
      ...[scale(to), zero(to)],
      emitter.bytes(offsets, channels),
    ];
    const attributes = {
      channels_last: 1,
      kernel_shape: weight.shape.slice(2),
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      dilations: [dilation, dilation],
    };
    // The standard's operator has its channels first.
    const bytes = emitter.node("QLinearConv", inputs, attributes, "com.microsoft");
    return emitter.node("DequantizeLinear", [bytes, scale(to), zero(to)]);
  },
  evaluate: (node, { stride, padding, dilation, upsampled, input, output }, [x]) => {
    const [, weight, bias] = node.inputs as [Tensor, Tensor, Tensor];
    const [, h, w, ci] = node.inputs[0]!.shape as [number, number, number, number];
    const [, , kh, kw] = weight.shape as [number, number, number, number];
    const [, ho, wo, co] = node.shape as [number, number, number, number];
    const { kernel, scales } = quantizedKernel(weight);
    const scaled = upsampled ? 2 : 1;
    const from = bytesOf(input);
    const rounded = x!.map((value) => steps(value, from));
    return Float64Array.from({ length: size(node.shape) }, (_, index) => {
      const channel = index % co;
      const column = Math.floor(index / co) % wo;
      const row = Math.floor(index / (co * wo)) % ho;
      const image = Math.floor(index / (co * wo * ho));
      let sum = Math.round(bias.data![channel]! / (from.scale * scales[channel]!));
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++) {
          const [y, z] = [
            row * stride + ky * dilation - padding,
            column * stride + kx * dilation - padding,
          ];
          if (y < 0 || y >= scaled * h || z < 0 || z >= scaled * w) continue;
          for (let c = 0; c < ci; c++)
            sum +=
              rounded[
                ((image * h + Math.floor(y / scaled)) * w + Math.floor(z / scaled)) * ci + c
              ]! * kernel[((channel * ci + c) * kh + ky) * kw + kx]!;
        }
      const to = bytesOf(output);
      return to.scale * steps(sum * from.scale * scales[channel]!, to);
    });
  },
});

/** Each pixel of a map [N,H,W,C] twice in both directions. */
function repeated(emitter: Emitter, map: string, shape: Shape): string {
  const [n, h, w, c] = shape as [number, number, number, number];
  const apart = emitter.reshape(map, [n, h, 1, w, 1, c]);
  const twice = emitter.node("Expand", [apart, emitter.integers([n, h, 2, w, 2, c])]);
  return emitter.reshape(twice, [n, 2 * h, 2 * w, c]);
}

/** The number in steps from zero. */
function steps(value: number, { scale, zero }: Bytes): number {
  return Math.min(255, Math.max(0, Math.round(value / scale) + zero)) - zero;
}

/** x [N,H,W,Ci], constants weight [Co,Ci,k,k] and bias [Co]; the result is [N,H,W,Co]. */
export function quantizedConv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  options: QuantizedConvolutionOptions,
): Tensor {
  return quantizedConv2dOp([x, weight, bias], options);
}
