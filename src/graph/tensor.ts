/**
 * The traced graph. Calling an op on tensors computes nothing: it records a node with its shape.
 * The nodes reachable from the outputs are differentiated (grad.ts), encoded to ONNX (onnx.ts) or
 * evaluated in float64 for tests (interpret.ts).
 *
 * An op is one definition: its shape inference, its vector-Jacobian product written in the same
 * ops, its ONNX nodes and its reference meaning. Equal nodes are recorded once, so that common
 * subexpressions are shared.
 */

export type Shape = readonly number[];

/** An attribute of an ONNX node. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** The domain of ONNX Runtime's own operators. */
export const contributed = "com.microsoft";

/** A value by its name and its number of axes. */
export interface RankedValue {
  readonly name: string;
  readonly rank: number;
}

/** Takes the ONNX nodes of a graph, op by op. Values are known by name. */
export interface Emitter {
  /** Adds a node with one output and returns the output's name. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Record<string, Attribute>,
    domain?: typeof contributed,
  ): string;
  /** The same value in another shape. */
  reshape(input: string, shape: Shape): string;
  /** The same in another shape, but not before the others have been computed. */
  reshapeAfter(input: string, others: readonly RankedValue[], shape: Shape): string;
  /** The inputs, concatenated along an axis. */
  concat(inputs: readonly string[], axis: number): string;
  /** The sine or cosine of angles in radians. */
  sine(type: "Sin" | "Cos", input: string): string;
  /** A float32 constant. */
  floats(data: Float32Array, shape: Shape): string;
  /** A constant of uint8, int8 or int32. */
  bytes(data: Uint8Array | Int8Array | Int32Array, shape: Shape): string;
  /** An int64 constant: shapes, axes, starts and ends of slices. */
  integers(values: readonly number[]): string;
  /** Elements `start` to `end` of a flat vector; segments of one vector must not overlap. */
  segment(source: string, length: number, start: number, end: number): string;
}

/** One value of the graph: float32, of a shape known while tracing. */
export interface Tensor {
  readonly graph: Graph;
  readonly id: number;
  readonly op: string;
  readonly shape: Shape;
  readonly inputs: readonly Tensor[];
  /** The inputs that the value is computed from; the others matter to its gradient only. */
  readonly sources: readonly Tensor[];
  /** Whether the value depends on no input of the graph, so that the engine computes it once. */
  readonly constant: boolean;
  /** The numbers themselves, of a constant. */
  readonly data?: Float32Array;
  /** Gradients for the inputs, given the gradient of the output; undefined where none flows. */
  vjp(gradient: Tensor): (Tensor | undefined)[];
  /** Adds this node's ONNX nodes and returns the name of its value. */
  emit(emitter: Emitter, inputs: string[]): string;
  /** The node's value in float64, by definition rather than by speed. */
  evaluate(inputs: Float64Array[]): Float64Array;
}

/** The meaning of an op. `A` are its attributes, which must be plain JSON data. */
export interface OpDefinition<A> {
  readonly name: string;
  /** How many of the inputs, from the first, the value is computed from; all unless given. */
  readonly sources?: number;
  /** The value, where the attributes hold it. */
  data?(attributes: A): Float32Array;
  infer(inputs: readonly Tensor[], attributes: A): Shape;
  vjp(node: Tensor, attributes: A, gradient: Tensor): (Tensor | undefined)[];
  emit(emitter: Emitter, node: Tensor, attributes: A, inputs: string[]): string;
  evaluate(node: Tensor, attributes: A, inputs: Float64Array[]): Float64Array;
}

/** Turns a definition into the function that records its nodes. */
export function defineOp<A>(
  definition: OpDefinition<A>,
): (inputs: readonly Tensor[], attributes: A) => Tensor {
  return (inputs, attributes) => {
    const first = inputs[0];
    if (first === undefined) throw new Error(`${definition.name}: an op needs an input`);
    for (const input of inputs) {
      if (input.graph !== first.graph)
        throw new Error(`${definition.name}: the inputs belong to different graphs`);
    }
    const shape = definition.infer(inputs, attributes);
    return first.graph.record(definition, inputs, attributes, shape);
  };
}

/** Holds the nodes in the order they were recorded, which is a topological order. */
export class Graph {
  readonly nodes: Tensor[] = [];
  readonly inputs = new Map<string, Tensor>();
  private readonly shared = new Map<string, Tensor>();

  record<A>(
    definition: OpDefinition<A>,
    inputs: readonly Tensor[],
    attributes: A,
    shape: Shape,
    sharing = JSON.stringify(attributes),
  ): Tensor {
    const key = `${definition.name}(${inputs.map((input) => input.id).join(",")})${sharing}`;
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    for (const size of shape) {
      if (!Number.isInteger(size) || size < 1)
        throw new Error(`${definition.name}: impossible shape [${shape}]`);
    }
    const node: Tensor = {
      graph: this,
      id: this.nodes.length,
      op: definition.name,
      shape,
      inputs,
      sources: inputs.slice(0, definition.sources),
      constant: definition.name !== "input" && inputs.every((input) => input.constant),
      data: definition.data?.(attributes),
      vjp: (gradient) => definition.vjp(node, attributes, gradient),
      emit: (emitter, names) => definition.emit(emitter, node, attributes, names),
      evaluate: (values) => definition.evaluate(node, attributes, values),
    };
    this.nodes.push(node);
    this.shared.set(key, node);
    return node;
  }

  /** A value given at every run. */
  input(name: string, shape: Shape): Tensor {
    if (this.inputs.has(name)) throw new Error(`the graph has an input "${name}" already`);
    const node = this.record(inputOp, [], { name }, shape);
    this.inputs.set(name, node);
    return node;
  }

  /** A value baked into the graph; without data, equal numbers are shared. */
  constant(value: number | Float32Array, shape: Shape = []): Tensor {
    const data = typeof value === "number" ? new Float32Array(size(shape)).fill(value) : value;
    if (data.length !== size(shape))
      throw new Error(`constant: ${data.length} numbers do not fill the shape [${shape}]`);
    const sharing = typeof value === "number" ? `${value}[${shape}]` : `data ${this.nodes.length}`;
    return this.record(constantOp, [], { data }, shape, sharing);
  }
}

/** The nodes that the outputs need, in the order in which they were recorded. */
export function reachable(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [...outputs];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.sources);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The number of elements of a shape. */
export function size(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

const inputOp: OpDefinition<{ name: string }> = {
  name: "input",
  infer: () => [],
  vjp: () => [],
  emit: (_emitter, _node, { name }) => name,
  evaluate: (_node, { name }) => {
    throw new Error(`interpret: no value was given for the input "${name}"`);
  },
};

const constantOp: OpDefinition<{ data: Float32Array }> = {
  name: "constant",
  data: ({ data }) => data,
  infer: () => [],
  vjp: () => [],
  emit: (emitter, node, { data }) => emitter.floats(data, node.shape),
  evaluate: (_node, { data }) => Float64Array.from(data),
};
