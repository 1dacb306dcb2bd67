/**
 * A network's parameters: declared by the layers that use them, in the order of their first use,
 * kept as one flat vector everywhere else.
 */
import { type Graph, reshape, type Shape, segment, size, type Tensor } from "../graph/index.ts";
import { Random } from "../random.ts";

/** How a parameter starts: "fan-in" is uniform in +-1/sqrt(fan-in), as in PyTorch's layers. */
export type Initializer = "zeros" | "ones" | { readonly fanIn: number };

export interface ParameterSpec {
  /** Stable and readable, for example `down.0.block.1.conv1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** Where its numbers start in the flat vector. */
  readonly offset: number;
  /** The order of its axes there, if not their own: what the graph then need not rearrange. */
  readonly axes?: readonly number[] | undefined;
}

/** What layers ask for their parameters. */
export interface Parameters {
  /** The tensor comes with its axes in the given order. */
  get(name: string, shape: Shape, initializer: Initializer, axes?: readonly number[]): Tensor;
}

/** The shape with its axes in the order of the flat vector. */
function storedShape(shape: Shape, axes: readonly number[] | undefined): Shape {
  return axes === undefined ? shape : axes.map((axis) => shape[axis]!);
}

/** Records what a network declares; the tensors are inputs of a graph nobody runs. */
export class DeclaredParameters implements Parameters {
  readonly specs: ParameterSpec[] = [];
  private readonly graph: Graph;
  private total = 0;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  get(name: string, shape: Shape, initializer: Initializer, axes?: readonly number[]): Tensor {
    this.specs.push({ name, shape, initializer, offset: this.total, axes });
    this.total += size(shape);
    return this.graph.input(name, storedShape(shape, axes));
  }
}

/** Cuts the parameters out of one flat input vector (training: they change at every run). */
export class FlatParameters implements Parameters {
  /** The parameters in the order of their offsets. */
  readonly tensors: Tensor[] = [];
  private readonly flat: Tensor;
  private readonly specs: Map<string, ParameterSpec>;

  constructor(graph: Graph, specs: readonly ParameterSpec[]) {
    this.flat = graph.input("parameters", [parameterCount(specs)]);
    this.specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  get(name: string, shape: Shape): Tensor {
    const spec = specNamed(this.specs, name);
    const part = segment(this.flat, spec.offset, size(shape));
    this.tensors.push(part);
    return reshape(part, storedShape(shape, spec.axes));
  }
}

/** Bakes the parameters into the graph (sampling: ONNX Runtime can pre-pack them). */
export class ConstantParameters implements Parameters {
  private readonly graph: Graph;
  private readonly specs: Map<string, ParameterSpec>;
  private readonly values: Float32Array;

  constructor(graph: Graph, specs: readonly ParameterSpec[], values: Float32Array) {
    if (values.length !== parameterCount(specs))
      throw new RangeError(`${values.length} weights for ${parameterCount(specs)} parameters`);
    this.graph = graph;
    this.specs = new Map(specs.map((spec) => [spec.name, spec]));
    this.values = values;
  }

  get(name: string, shape: Shape): Tensor {
    const { offset, axes } = specNamed(this.specs, name);
    const values = this.values.subarray(offset, offset + size(shape));
    return this.graph.constant(values, storedShape(shape, axes));
  }
}

function specNamed(specs: Map<string, ParameterSpec>, name: string): ParameterSpec {
  const spec = specs.get(name);
  if (spec === undefined) throw new Error(`the network has no parameter "${name}"`);
  return spec;
}

/** A parameter's numbers from the flat vector, in the order of its own axes. */
export function readParameter(values: Float32Array, spec: ParameterSpec): Float32Array {
  const stored = values.subarray(spec.offset, spec.offset + size(spec.shape));
  if (spec.axes === undefined) return stored;
  const data = new Float32Array(stored.length);
  eachStored(spec, (i, at) => {
    data[i] = stored[at]!;
  });
  return data;
}

/** Puts a parameter's numbers, in the order of its own axes, into the flat vector. */
export function writeParameter(
  values: Float32Array,
  spec: ParameterSpec,
  data: Float32Array,
): void {
  const { offset } = spec;
  if (spec.axes === undefined) values.set(data, offset);
  else
    eachStored(spec, (i, at) => {
      values[offset + at] = data[i]!;
    });
}

/** For each number of a parameter, in the order of its own axes, where it lies in its part of the flat vector. */
function eachStored(
  { shape, axes = [...shape.keys()] }: ParameterSpec,
  visit: (i: number, at: number) => void,
): void {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (const axis of [...axes].reverse()) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  const last = shape.length - 1;
  const [side, step] = [shape[last]!, strides[last]!];
  const place = new Array<number>(last).fill(0);
  const total = size(shape);
  let start = 0;
  for (let i = 0; i < total; ) {
    for (let k = 0, at = start; k < side; k++, at += step) visit(i++, at);
    for (let axis = last - 1; axis >= 0; axis--) {
      start += strides[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      start -= strides[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
}

/** How many numbers the parameters hold together. */
export function parameterCount(specs: readonly ParameterSpec[]): number {
  const last = specs[specs.length - 1];
  return last === undefined ? 0 : last.offset + size(last.shape);
}

/** Fresh parameters, flat, in the order of the specs; the same seed gives the same numbers. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): Float32Array {
  const values = new Float32Array(parameterCount(specs));
  for (const { name, shape, initializer, offset } of specs) {
    if (initializer === "zeros") continue;
    const part = values.subarray(offset, offset + size(shape));
    if (initializer === "ones") {
      part.fill(1);
      continue;
    }
    const random = Random.from(seed, "initial parameters", name);
    const bound = 1 / Math.sqrt(initializer.fanIn);
    for (let i = 0; i < part.length; i++) part[i] = random.between(-bound, bound);
  }
  return values;
}
