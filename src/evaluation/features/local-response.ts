/**
 * Local response normalization (Krizhevsky et al. 2012, section 3.3) as GoogLeNet has it twice:
 * `y[c] = x[c] / (bias + alpha / size * sum of x[i]^2 over size channels around c) ^ beta`.
 * ONNX Runtime computes the power with `pow`, number by number, which is two fifths of that
 * network's time. For beta = 3/4 two square roots give the same to rounding, in a fifth of that.
 */
import {
  type Attributes,
  FLOAT,
  INT64,
  nodeMessage,
  tensorMessage,
} from "../../graph/onnx-messages.ts";
import { type Field, fieldsOf, type MessageWriter, rewritten } from "../../graph/protobuf.ts";

/** Field numbers of onnx.proto. */
const model = { graph: 7, opset: 8 } as const;
const graph = { node: 1, initializer: 5 } as const;
const node = { input: 1, output: 2, type: 4, attribute: 5 } as const;
const attribute = { name: 1, float: 2, integer: 3 } as const;
/** From here on, `Unsqueeze` and `Squeeze` take their axes as an input. */
const axesAreInputs = 13;

interface Normalization {
  readonly input: string;
  readonly output: string;
  readonly size: number;
  readonly alpha: number;
  readonly bias: number;
}

/** The same network with each `LRN` of beta 3/4 written as other operators. */
export function withoutLocalResponse(bytes: Uint8Array): Uint8Array {
  const opset = opsetOf(bytes);
  return rewritten(bytes, model.graph, (whole) => {
    const constants: MessageWriter[] = [];
    const nodes = rewritten(
      bytes,
      graph.node,
      (field) => {
        const found = normalizationAt(bytes, field);
        return found && expansion(found, opset, constants);
      },
      whole,
    );
    for (const constant of constants) nodes.message(graph.initializer, constant);
    return nodes;
  }).finish();
}

/** Undefined for other operators and for other powers. */
function normalizationAt(bytes: Uint8Array, field: Field): Normalization | undefined {
  const parts = [...fieldsOf(bytes, field)];
  const textOf = (number: number) => {
    const part = parts.find((candidate) => candidate.number === number);
    return part && text(bytes, part);
  };
  if (textOf(node.type) !== "LRN") return undefined;
  // The defaults of ONNX; a size has none.
  const numbers: Record<string, number> = { alpha: 1e-4, beta: 0.75, bias: 1 };
  for (const part of parts) {
    if (part.number === node.attribute) Object.assign(numbers, numberOf(bytes, part));
  }
  const { size, alpha, beta, bias } = numbers as Record<"size" | "alpha" | "beta" | "bias", number>;
  // ONNX Runtime refuses even sizes.
  if (beta !== 0.75 || size % 2 === 0) return undefined;
  return { input: textOf(node.input)!, output: textOf(node.output)!, size, alpha, bias };
}

/**
 * `x / (sqrt(v) * sqrt(sqrt(v)))` with `v = bias + alpha * mean(x^2)`. The mean over channels is
 * that of a pooling over depth, zeros around it counted, as LRN divides by its size at the borders
 * too.
 */
function expansion(
  { input, output, size, alpha, bias }: Normalization,
  opset: number,
  constants: MessageWriter[],
): MessageWriter[] {
  const inner = (name: string) => `palette/${output}/${name}`;
  const constant = (
    name: string,
    type: typeof FLOAT | typeof INT64,
    shape: readonly number[],
    { buffer }: Float32Array | BigInt64Array,
  ) => {
    constants.push(tensorMessage(name, type, shape, new Uint8Array(buffer)));
    return name;
  };
  const scalar = (name: string, value: number) =>
    constant(inner(name), FLOAT, [], new Float32Array([value]));
  const nodes: MessageWriter[] = [];
  const add = (type: string, inputs: readonly string[], to: string, attributes?: Attributes) => {
    nodes.push(nodeMessage(type, inputs, [to], attributes));
    return to;
  };
  /** `Unsqueeze` or `Squeeze` of the axis before the channels. */
  const reshaped = (type: string, from: string, to: string) => {
    if (opset < axesAreInputs) return add(type, [from], to, { axes: [1] });
    const axes = constant(`${to}/axes`, INT64, [1], new BigInt64Array([1n]));
    return add(type, [from, axes], to);
  };
  const side = (size - 1) / 2;
  const squares = reshaped(
    "Unsqueeze",
    add("Mul", [input, input], inner("squares")),
    inner("depth"),
  );
  const mean = add("AveragePool", [squares], inner("pooled"), {
    kernel_shape: [size, 1, 1],
    pads: [side, 0, 0, side, 0, 0],
    count_include_pad: 1,
  });
  const scaled = add(
    "Mul",
    [reshaped("Squeeze", mean, inner("mean")), scalar("alpha", alpha)],
    inner("scaled"),
  );
  const value = add("Add", [scaled, scalar("bias", bias)], inner("value"));
  const root = add("Sqrt", [value], inner("root"));
  const power = add("Mul", [root, add("Sqrt", [root], inner("fourth-root"))], inner("power"));
  add("Div", [input, power], output);
  return nodes;
}

/** An attribute that is one number, by its name; nothing for others. */
function numberOf(bytes: Uint8Array, field: Field): Record<string, number> {
  const parts = [...fieldsOf(bytes, field)];
  const name = parts.find(({ number }) => number === attribute.name);
  const float = parts.find(({ number }) => number === attribute.float);
  const integer = parts.find(({ number }) => number === attribute.integer);
  if (name === undefined) return {};
  if (float) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + float.content, 4);
    return { [text(bytes, name)]: view.getFloat32(0, true) };
  }
  return integer ? { [text(bytes, name)]: varintAt(bytes, integer) } : {};
}

/** The version of ONNX's own operators. */
function opsetOf(bytes: Uint8Array): number {
  for (const field of fieldsOf(bytes)) {
    if (field.number !== model.opset) continue;
    const parts = [...fieldsOf(bytes, field)];
    const domain = parts.find(({ number }) => number === 1);
    const version = parts.find(({ number }) => number === 2);
    if (version && (domain === undefined || text(bytes, domain) === ""))
      return varintAt(bytes, version);
  }
  return 1;
}

function text(bytes: Uint8Array, { content, end }: Field): string {
  return new TextDecoder().decode(bytes.subarray(content, end));
}

function varintAt(bytes: Uint8Array, { content, end }: Field): number {
  return bytes.subarray(content, end).reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0);
}
