/**
 * A network's parameters: declared by the layers that use them, in the order of their first use,
 * kept as one flat vector everywhere else.
 */
import {
  type Graph,
  type KernelForm,
  type KernelLayout,
  type OwnKernels,
  reshape,
  type Shape,
  segment,
  size,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import { Random } from "../util/random.ts";

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
  readonly axes?: readonly number[];
  /** Inputs of a graph only: the form in which it takes the kernel (`inputOf`). */
  readonly form?: KernelForm;
}

/** What layers ask for their parameters. */
export interface Parameters {
  /**
   * Given where each parameter has a place of its own, so that its axes may be in whatever order
   * suits the layer, and not one flat vector in an order that never changes.
   */
  readonly ownKernels?: OwnKernels;
  /** The tensor comes in the given layout; only `ownKernels` may come in a `form`. */
  get(name: string, shape: Shape, initializer: Initializer, layout?: KernelLayout): Tensor;
}

/** The shape with its axes in the order in which the numbers are kept. */
export function storedShape(shape: Shape, axes: readonly number[] | undefined): Shape {
  return axes === undefined ? shape : axes.map((axis) => shape[axis]!);
}

/** Records the parameters that a network declares; nobody runs the graph of its tensors. */
export class DeclaredParameters implements Parameters {
  readonly specs: ParameterSpec[] = [];
  private readonly graph: Graph;
  private total = 0;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  get(name: string, shape: Shape, initializer: Initializer, { axes }: KernelLayout = {}): Tensor {
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

  get(name: string, shape: Shape, _initializer: Initializer, { axes }: KernelLayout = {}): Tensor {
    const spec = specNamed(this.specs, name);
    const part = segment(this.flat, spec.offset, size(shape));
    this.tensors.push(part);
    return transpose(
      reshape(part, storedShape(shape, spec.axes)),
      orderBetween(shape, spec.axes, axes),
    );
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

  get(name: string, shape: Shape, _initializer: Initializer, { axes }: KernelLayout = {}): Tensor {
    const spec = specNamed(this.specs, name);
    const values = this.values.subarray(spec.offset, spec.offset + size(shape));
    const order = orderBetween(shape, spec.axes, axes);
    const moved = order.every((axis, i) => axis === i)
      ? values
      : rearranged(values, storedShape(shape, spec.axes), order);
    return this.graph.constant(moved, storedShape(shape, axes));
  }
}

/**
 * Takes each parameter as an input of its own (large networks: nothing is copied, and a graph holds
 * at most 2 GB). Their axes are in the order of the flat vector, or, with `ownKernels`, in the
 * order that the layers ask for: see `specs`.
 */
export class InputParameters implements Parameters {
  /** What the inputs are called and hold; the offsets are those of the flat vector. */
  readonly specs: ParameterSpec[] = [];
  /** In the order of the specs. */
  readonly tensors: Tensor[] = [];
  readonly ownKernels?: OwnKernels;
  private readonly graph: Graph;
  private readonly canonical: Map<string, ParameterSpec>;

  constructor(graph: Graph, specs: readonly ParameterSpec[], ownKernels?: OwnKernels) {
    this.graph = graph;
    this.ownKernels = ownKernels;
    this.canonical = new Map(specs.map((spec) => [spec.name, spec]));
  }

  get(
    name: string,
    shape: Shape,
    _initializer: Initializer,
    { axes, form }: KernelLayout = {},
  ): Tensor {
    const spec = { ...specNamed(this.canonical, name), axes, form };
    const stored = storedShape(shape, axes);
    const tensor = this.graph.input(name, form === "winograd" ? stored.with(0, 6) : stored);
    this.specs.push(spec);
    this.tensors.push(tensor);
    return tensor;
  }
}

/** Hands on what others give, and remembers it. */
export class RecordedParameters implements Parameters {
  readonly used = new Map<string, Tensor>();
  private readonly source: Parameters;

  constructor(source: Parameters) {
    this.source = source;
  }

  get ownKernels(): OwnKernels | undefined {
    return this.source.ownKernels;
  }

  get(name: string, shape: Shape, initializer: Initializer, layout?: KernelLayout): Tensor {
    const tensor = this.source.get(name, shape, initializer, layout);
    this.used.set(name, tensor);
    return tensor;
  }
}

/** Hands out existing tensors, in the layout in which they were asked for before. */
export class GivenParameters implements Parameters {
  readonly ownKernels?: OwnKernels;
  private readonly tensors: ReadonlyMap<string, Tensor>;

  constructor(tensors: ReadonlyMap<string, Tensor>, ownKernels: OwnKernels | undefined) {
    this.tensors = tensors;
    this.ownKernels = ownKernels;
  }

  get(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`the parameter "${name}" was not asked for before`);
    return tensor;
  }
}

function specNamed(specs: Map<string, ParameterSpec>, name: string): ParameterSpec {
  const spec = specs.get(name);
  if (spec === undefined) throw new Error(`the network has no parameter "${name}"`);
  return spec;
}

/** By which transposition numbers in one order of a shape's axes come into another order. */
function orderBetween(shape: Shape, from?: readonly number[], to?: readonly number[]): number[] {
  const own = shape.map((_, axis) => axis);
  return (to ?? own).map((axis) => (from ?? own).indexOf(axis));
}

/** A parameter's numbers from the flat vector, in the order of its own axes. */
export function readParameter(values: Float32Array, spec: ParameterSpec): Float32Array {
  const { axes, offset, shape } = spec;
  const stored = values.subarray(offset, offset + size(shape));
  if (axes === undefined) return stored;
  const back = shape.map((_, axis) => axes.indexOf(axis));
  return rearranged(stored, storedShape(shape, axes), back);
}

/** Puts a parameter's numbers, in the order of its own axes, into the flat vector. */
export function writeParameter(
  values: Float32Array,
  spec: ParameterSpec,
  data: Float32Array,
): void {
  values.set(inStoredOrder(data, spec), spec.offset);
}

/** A parameter's numbers, given in the order of its own axes, in the order of `spec.axes`. */
export function inStoredOrder(data: Float32Array, { shape, axes }: ParameterSpec): Float32Array {
  return axes === undefined ? data : rearranged(data, shape, axes);
}

/** Numbers of the shape with its axes in another order. */
function rearranged(data: Float32Array, shape: Shape, order: readonly number[]): Float32Array {
  if (shape.length > 4) throw new RangeError(`no parameter has ${shape.length} axes`);
  const strides = shape.map((_, axis) => size(shape.slice(axis + 1)));
  // Four loops, the outer ones once where there are fewer axes.
  const missing = new Array<number>(4 - shape.length);
  const [n0, n1, n2, n3] = [...missing.fill(1), ...order.map((axis) => shape[axis]!)] as Four;
  const [s0, s1, s2, s3] = [...missing.fill(0), ...order.map((axis) => strides[axis]!)] as Four;
  const out = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++)
      for (let k = 0; k < n2; k++)
        for (let l = 0, from = i * s0 + j * s1 + k * s2; l < n3; l++, from += s3)
          out[at++] = data[from]!;
  return out;
}

type Four = [number, number, number, number];

/** How many numbers the parameters hold together. */
export function parameterCount(specs: readonly ParameterSpec[]): number {
  const last = specs[specs.length - 1];
  return last === undefined ? 0 : last.offset + size(last.shape);
}

/**
 * Fresh parameters, flat, in the order of the specs; the same seed gives the same numbers.
 * @param values where they are put, full of zeros
 */
export function initialParameters(
  specs: readonly ParameterSpec[],
  seed: number,
  values: Float32Array = new Float32Array(parameterCount(specs)),
): Float32Array {
  for (const spec of specs)
    initialParameter(spec, seed, values.subarray(spec.offset, spec.offset + size(spec.shape)));
  return values;
}

/** The numbers that one parameter has in `initialParameters`, in the order of the flat vector. */
export function initialParameter(
  { name, shape, initializer }: ParameterSpec,
  seed: number,
  values: Float32Array = new Float32Array(size(shape)),
): Float32Array {
  if (initializer === "zeros") return values;
  if (initializer === "ones") return values.fill(1);
  const random = Random.from(seed, "initial parameters", name);
  const bound = 1 / Math.sqrt(initializer.fanIn);
  for (let i = 0; i < values.length; i++) values[i] = random.between(-bound, bound);
  return values;
}
