/** Elementwise ops with NumPy broadcasting. */
import { defineOp, type Emitter, type Shape, size, type Tensor } from "../tensor.ts";
import { customGradient } from "./custom-gradient.ts";
import { broadcastSource, broadcastTo, reduceTo } from "./reduce.ts";

/** A tensor, or a number for all of its places. */
export type Operand = Tensor | number;

/** The shape two shapes broadcast to. */
function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`[${a}] and [${b}] do not broadcast`);
    return Math.max(x, y);
  });
}

function binary(
  name: string,
  type: string,
  value: (x: number, y: number) => number,
  vjp: (a: Tensor, b: Tensor, gradient: Tensor, node: Tensor) => [Tensor, Tensor],
) {
  const op = defineOp<null>({
    name,
    infer: ([a, b]) => broadcastShape(a!.shape, b!.shape),
    vjp: (node, _none, gradient) => {
      const [a, b] = node.inputs as [Tensor, Tensor];
      const [da, db] = vjp(a, b, gradient, node);
      return [reduceTo(da, a.shape), reduceTo(db, b.shape)];
    },
    emit: (emitter, _node, _none, inputs) => emitter.node(type, inputs),
    evaluate: (node, _none, [x, y]) => {
      const [a, b] = node.inputs as [Tensor, Tensor];
      const indexA = broadcastSource(a.shape, node.shape);
      const indexB = broadcastSource(b.shape, node.shape);
      return Float64Array.from({ length: size(node.shape) }, (_, i) =>
        value(x![indexA(i)]!, y![indexB(i)]!),
      );
    },
  });
  return (a: Operand, b: Operand): Tensor => {
    const graph = typeof a === "number" ? (b as Tensor).graph : a.graph;
    const left = typeof a === "number" ? graph.constant(a) : withoutBroadcast(a, b);
    const right = typeof b === "number" ? graph.constant(b) : withoutBroadcast(b, a);
    return op([left, right], null);
  };
}

/** Scales before broadcasting rather than after: a handful of numbers instead of all of them. */
function scaled(tensor: Tensor, factor: number): Tensor {
  return tensor.op === "broadcast"
    ? broadcastTo(mul(tensor.inputs[0]!, factor), tensor.shape)
    : mul(tensor, factor);
}

/** An explicit broadcast is dropped where the other operand has the full shape anyway. */
function withoutBroadcast(tensor: Tensor, other: Operand): Tensor {
  if (tensor.op !== "broadcast" || typeof other === "number" || other.op === "broadcast")
    return tensor;
  return other.shape.join() === tensor.shape.join() ? tensor.inputs[0]! : tensor;
}

export const add = binary(
  "add",
  "Add",
  (x, y) => x + y,
  (_a, _b, gradient) => [gradient, gradient],
);

export const sub = binary(
  "sub",
  "Sub",
  (x, y) => x - y,
  (_a, _b, gradient) => [gradient, neg(gradient)],
);

export const mul = binary(
  "mul",
  "Mul",
  (x, y) => x * y,
  (a, b, gradient) => [mul(gradient, b), mul(gradient, a)],
);

export const div = binary(
  "div",
  "Div",
  (x, y) => x / y,
  (_a, b, gradient, node) => [div(gradient, b), neg(mul(gradient, div(node, b)))],
);

function unary(
  name: string,
  emit: (emitter: Emitter, input: string) => string,
  value: (x: number) => number,
  vjp: (x: Tensor, gradient: Tensor, node: Tensor) => Tensor | undefined,
) {
  const op = defineOp<null>({
    name,
    infer: ([x]) => x!.shape,
    vjp: (node, _none, gradient) => [vjp(node.inputs[0]!, gradient, node)],
    emit: (emitter, _node, _none, [input]) => emit(emitter, input!),
    evaluate: (_node, _none, [x]) => x!.map(value),
  });
  return (x: Tensor): Tensor => op([x], null);
}

export const neg = unary(
  "neg",
  (emitter, x) => emitter.node("Neg", [x]),
  (x) => -x,
  (_x, gradient) => neg(gradient),
);

export const square = unary(
  "square",
  (emitter, x) => emitter.node("Mul", [x, x]),
  (x) => x * x,
  (x, gradient) => mul(x, scaled(gradient, 2)),
);

export const exp = unary(
  "exp",
  (emitter, x) => emitter.node("Exp", [x]),
  Math.exp,
  (_x, gradient, node) => mul(gradient, node),
);

export const sqrt = unary(
  "sqrt",
  (emitter, x) => emitter.node("Sqrt", [x]),
  Math.sqrt,
  (_x, gradient, node) => div(mul(gradient, 0.5), node),
);

export const sin = unary(
  "sin",
  (emitter, x) => emitter.sine("Sin", x),
  Math.sin,
  (x, gradient) => mul(gradient, cos(x)),
);

export const cos = unary(
  "cos",
  (emitter, x) => emitter.sine("Cos", x),
  Math.cos,
  (x, gradient) => neg(mul(gradient, sin(x))),
);

export const abs = unary(
  "abs",
  (emitter, x) => emitter.node("Abs", [x]),
  Math.abs,
  (x, gradient) => mul(gradient, sign(x)),
);

/** -1, 0 or 1; its derivative is taken as zero. Clip is used because Sign has no WebGPU kernel. */
export const sign = unary(
  "sign",
  (emitter, x) => {
    const bound = (value: number) => emitter.floats(new Float32Array([value]), []);
    return emitter.node("Clip", [emitter.node("Mul", [x, bound(1e38)]), bound(-1), bound(1)]);
  },
  Math.sign,
  () => undefined,
);

export const sigmoid = unary(
  "sigmoid",
  (emitter, x) => emitter.node("Sigmoid", [x]),
  (x) => 1 / (1 + Math.exp(-x)),
  (_x, gradient, node) => mul(gradient, sub(node, mul(node, node))),
);

/**
 * SiLU: x * sigmoid(x). With s = sigmoid(x) and y = x * s, the derivative is s + y * (1 - s): four
 * elementwise ops instead of the seven that would be derived.
 */
export function silu(x: Tensor): Tensor {
  const s = sigmoid(x);
  const y = mul(x, s);
  return customGradient(y, [x], (gradient) => [mul(gradient, add(s, sub(y, mul(y, s))))]);
}
