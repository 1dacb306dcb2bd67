/** Ops that move numbers without changing them. */
import { defineOp, type Shape, size, type Tensor } from "../tensor.ts";

const reshapeOp = defineOp<{ shape: Shape }>({
  name: "reshape",
  infer: ([x], { shape }) => {
    if (size(x!.shape) !== size(shape)) throw new Error(`reshape: [${x!.shape}] to [${shape}]`);
    return shape;
  },
  vjp: (node, _attributes, gradient) => [reshape(gradient, node.inputs[0]!.shape)],
  emit: (emitter, node, _attributes, [input]) => emitter.reshape(input!, node.shape),
  evaluate: (_node, _attributes, [x]) => x!,
});

export function reshape(x: Tensor, shape: Shape): Tensor {
  const source = x.op === "reshape" ? x.inputs[0]! : x;
  return source.shape.join() === shape.join() ? source : reshapeOp([source], { shape });
}

const transposeOp = defineOp<{ order: readonly number[] }>({
  name: "transpose",
  infer: ([x], { order }) => order.map((axis) => x!.shape[axis]!),
  vjp: (_node, { order }, gradient) => [
    transpose(
      gradient,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
  emit: (emitter, _node, { order }, inputs) => emitter.node("Transpose", inputs, { perm: order }),
  evaluate: (node, { order }, [x]) => {
    const strides = stridesOf(node.inputs[0]!.shape);
    return gather(
      node.shape,
      x!,
      0,
      order.map((axis) => strides[axis]!),
    );
  },
});

/** Axis i of the result is axis order[i] of x. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  if (order.length !== x.shape.length || order.some((_, axis) => !order.includes(axis)))
    throw new Error(`transpose: [${order}] does not permute the axes of [${x.shape}]`);
  return order.every((axis, i) => axis === i) ? x : transposeOp([x], { order });
}

/** Swaps the last two axes; ONNX Runtime fuses this into the matrix product that reads it. */
export function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  const order = x.shape.map((_, i) => i);
  return transpose(x, [...order.slice(0, -2), rank - 1, rank - 2]);
}

interface SliceAttributes {
  readonly axis: number;
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

const sliceOp = defineOp<SliceAttributes>({
  name: "slice",
  infer: ([x], { axis, start, count, step }) => {
    const last = start + (count - 1) * step;
    const length = x!.shape[axis];
    if (length === undefined || start < 0 || start >= length || last < 0 || last >= length)
      throw new Error(
        `slice: ${count} of axis ${axis} from ${start} leave the shape [${x!.shape}]`,
      );
    return x!.shape.map((dimension, i) => (i === axis ? count : dimension));
  },
  vjp: (node, { axis, start, count, step }, gradient) => {
    const length = node.inputs[0]!.shape[axis]!;
    if (step === 1) return [pad(gradient, axis, start, length - start - count)];
    if (step < 0) {
      const turned = slice(gradient, axis, count - 1, count, -1);
      const first = start + (count - 1) * step;
      return [spread(turned, axis, first, -step, length)];
    }
    return [spread(gradient, axis, start, step, length)];
  },
  emit: (emitter, _node, { axis, start, count, step }, [input]) => {
    const end = start + count * step;
    return emitter.node("Slice", [
      input!,
      emitter.integers([start]),
      emitter.integers([end < 0 ? Number.MIN_SAFE_INTEGER : end]),
      emitter.integers([axis]),
      emitter.integers([step]),
    ]);
  },
  evaluate: (node, { axis, start, step }, [x]) => {
    const strides = stridesOf(node.inputs[0]!.shape);
    return gather(
      node.shape,
      x!,
      start * strides[axis]!,
      strides.map((stride, i) => (i === axis ? stride * step : stride)),
    );
  },
});

/** `count` elements of one axis from `start`, every `step`-th; a negative step walks backwards. */
export function slice(x: Tensor, axis: number, start: number, count: number, step = 1): Tensor {
  if (start === 0 && step === 1 && count === x.shape[axis]) return x;
  return sliceOp([x], { axis, start, count, step: count === 1 ? 1 : step });
}

/** Puts elements at start, start + step, ... of an axis of the given length, zeros elsewhere. */
function spread(x: Tensor, axis: number, start: number, step: number, length: number): Tensor {
  if (step === 1) return pad(x, axis, start, length - start - x.shape[axis]!);
  const count = x.shape[axis]!;
  const apart = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const padded = pad(reshape(x, apart), axis + 1, 0, step - 1);
  const flat = reshape(
    padded,
    x.shape.map((dimension, i) => (i === axis ? count * step : dimension)),
  );
  const room = length - start;
  const fitted =
    count * step > room ? slice(flat, axis, 0, room) : pad(flat, axis, 0, room - count * step);
  return pad(fitted, axis, start, 0);
}

interface PadAttributes {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

const padOp = defineOp<PadAttributes>({
  name: "pad",
  infer: ([x], { axis, before, after }) => {
    const length = x!.shape[axis];
    if (length === undefined || before < 0 || after < 0)
      throw new Error(`pad: ${before} and ${after} on axis ${axis} of [${x!.shape}]`);
    return x!.shape.with(axis, length + before + after);
  },
  vjp: (node, { axis, before }, gradient) => [
    slice(gradient, axis, before, node.inputs[0]!.shape[axis]!),
  ],
  emit: (emitter, node, { axis, before, after }, [input]) => {
    const zeros = node.shape.map(() => 0);
    return emitter.node("Pad", [
      input!,
      emitter.integers([...zeros.with(axis, before), ...zeros.with(axis, after)]),
    ]);
  },
  evaluate: (node, { axis, before }, [x]) => {
    const out = new Float64Array(size(node.shape));
    const strides = stridesOf(node.shape);
    scatter(node.inputs[0]!.shape, x!, out, before * strides[axis]!, strides);
    return out;
  },
});

/** Zeros before and after along one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  return before === 0 && after === 0 ? x : padOp([x], { axis, before, after });
}

/**
 * Rows that a product with zeros and ones shifts faster than ONNX Runtime's Pad copies them, one by
 * one: at 4, 8 and 16 columns in a fifth, a third and half of the time (measured).
 */
const SHORT_ROW = 16;

function shiftMatrix(length: number, by: number): Float32Array {
  return Float32Array.from({ length: length * length }, (_, i) =>
    (i % length) - Math.floor(i / length) === by ? 1 : 0,
  );
}

const shiftOp = defineOp<{ axis: number; by: number }>({
  name: "shift",
  infer: ([x]) => x!.shape,
  vjp: (_node, { axis, by }, gradient) => [shift(gradient, axis, -by)],
  emit: (emitter, node, { axis, by }, [input]) => {
    const length = node.shape[axis]!;
    if (axis === node.shape.length - 1 && length <= SHORT_ROW)
      return emitter.node("MatMul", [
        input!,
        emitter.floats(shiftMatrix(length, by), [length, length]),
      ]);
    // A negative pad crops, so this is one copy.
    const zeros = node.shape.map(() => 0);
    const pads = [...zeros.with(axis, by), ...zeros.with(axis, -by)];
    return emitter.node("Pad", [input!, emitter.integers(pads)]);
  },
  evaluate: (node, { axis, by }, [x]) => {
    const stride = stridesOf(node.shape)[axis]!;
    const length = node.shape[axis]!;
    return x!.map((_, i) => {
      const from = (Math.floor(i / stride) % length) - by;
      return from >= 0 && from < length ? x![i - by * stride]! : 0;
    });
  },
});

/** Moves the elements of one axis by `by` places towards its end, zeros moving in. */
export function shift(x: Tensor, axis: number, by: number): Tensor {
  const length = x.shape[axis];
  if (length === undefined || !Number.isInteger(by))
    throw new Error(`shift: axis ${axis} of [${x.shape}] by ${by}`);
  if (Math.abs(by) >= length) return x.graph.constant(0, x.shape);
  return by === 0 ? x : shiftOp([x], { axis, by });
}

const concatOp = defineOp<{ axis: number }>({
  name: "concat",
  infer: (inputs, { axis }) => {
    const first = inputs[0]!.shape;
    for (const { shape } of inputs) {
      if (shape.length !== first.length || shape.some((d, i) => i !== axis && d !== first[i]))
        throw new Error(`concat: [${shape}] does not fit [${first}] along axis ${axis}`);
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return first.with(axis, total);
  },
  vjp: (node, { axis }, gradient) => {
    let start = 0;
    return node.inputs.map((input) => {
      const count = input.shape[axis]!;
      start += count;
      return slice(gradient, axis, start - count, count);
    });
  },
  emit: (emitter, _node, { axis }, inputs) => emitter.concat(inputs, axis),
  evaluate: (node, { axis }, values) => {
    const out = new Float64Array(size(node.shape));
    const strides = stridesOf(node.shape);
    let start = 0;
    node.inputs.forEach((input, i) => {
      scatter(input.shape, values[i]!, out, start * strides[axis]!, strides);
      start += input.shape[axis]!;
    });
    return out;
  },
});

export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  return inputs.length === 1 ? inputs[0]! : concatOp(inputs, { axis });
}

const segmentOp = defineOp<{ start: number; count: number }>({
  name: "segment",
  infer: ([x], { start, count }) => {
    if (x!.shape.length !== 1 || start < 0 || start + count > x!.shape[0]!)
      throw new Error(`segment: ${start}+${count} does not lie in [${x!.shape}]`);
    return [count];
  },
  vjp: (node, { start, count }, gradient) => [
    pad(gradient, 0, start, node.inputs[0]!.shape[0]! - start - count),
  ],
  emit: (emitter, node, { start, count }, [input]) =>
    emitter.segment(input!, node.inputs[0]!.shape[0]!, start, start + count),
  evaluate: (_node, { start, count }, [x]) => x!.slice(start, start + count),
});

/** Part of a flat vector. The parts of one vector must not overlap; they cost a single Split. */
export function segment(x: Tensor, start: number, count: number): Tensor {
  return segmentOp([x], { start, count });
}

const controlDependencyOp = defineOp<{ shape: Shape }>({
  name: "controlDependency",
  infer: (_inputs, { shape }) => shape,
  vjp: (node, _attributes, gradient) => [reshape(gradient, node.inputs[0]!.shape)],
  emit: (emitter, node, _attributes, [x, ...others]) =>
    emitter.reshapeAfter(
      x!,
      others.map((name, i) => ({ name, rank: node.inputs[i + 1]!.shape.length })),
      node.shape,
    ),
  evaluate: (_node, _attributes, [x]) => x!,
});

/**
 * x itself, but computed after the others. It is another node than x, so that an op on it is
 * computed once more.
 */
export function controlDependency(x: Tensor, others: readonly Tensor[]): Tensor {
  if (others.length === 0) return x;
  // One reshape for several in a row: ONNX Runtime would merge them, and forget what they wait for.
  if (x.op === "controlDependency")
    return controlDependency(reshape(x.inputs[0]!, x.shape), [...x.inputs.slice(1), ...others]);
  const source = x.op === "reshape" ? x.inputs[0]! : x;
  return controlDependencyOp([source, ...others], { shape: x.shape });
}

/** Row-major strides of a shape. */
function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Reads x[offset + index . strides] for every index of the shape. */
function gather(shape: Shape, x: Float64Array, offset: number, strides: number[]): Float64Array {
  const out = new Float64Array(size(shape));
  walk(shape, offset, strides, (position, i) => {
    out[i] = x[position]!;
  });
  return out;
}

/** Writes x, of the given shape, to out[offset + index . strides]. */
function scatter(
  shape: Shape,
  x: Float64Array,
  out: Float64Array,
  offset: number,
  strides: number[],
): void {
  walk(shape, offset, strides, (position, i) => {
    out[position] = x[i]!;
  });
}

function walk(
  shape: Shape,
  offset: number,
  strides: number[],
  visit: (position: number, i: number) => void,
): void {
  const count = size(shape);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let position = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    visit(position, i);
  }
}
