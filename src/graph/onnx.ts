/**
 * Encodes a traced graph as an ONNX model (opset 17, IR version 8). Only what the outputs need is
 * written, so dead code disappears here. Field numbers are those of the ONNX specification's
 * onnx.proto.
 */
import { MessageWriter } from "./protobuf.ts";
import type { Graph, Shape, Tensor } from "./tensor.ts";

const OPSET = 17;
const IR_VERSION = 8;
const FLOAT = 1;
const INT64 = 7;

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface EncodingOptions {
  /**
   * Whether ONNX Runtime is told the shapes of the values (default true). It then plans which values
   * of equal shape share memory, and holds that memory from the first of them to the last. Without,
   * a value has memory from when it is computed until its last use, and no longer.
   */
  readonly shapesKnown?: boolean | undefined;
  readonly notes?: ModelNotes | undefined;
}

/** The segments of one flat vector, and the place of their node. */
interface Split {
  readonly slot: number;
  readonly length: number;
  readonly spans: { readonly start: number; readonly end: number; readonly name: string }[];
}

/** Collects the ONNX nodes and initializers while the tensors are lowered one by one. */
export class Lowering {
  readonly nodes: MessageWriter[] = [];
  private readonly initializers = new Map<string, MessageWriter>();
  private readonly used = new Set<string>();
  private readonly shared = new Map<string, string>();
  private readonly splits = new Map<string, Split>();
  private names = 0;
  /** Names of the model's inputs and outputs. */
  private readonly taken: ReadonlySet<string>;
  private readonly shapesKnown: boolean;

  constructor(
    taken: ReadonlySet<string>,
    { shapesKnown = true }: Pick<EncodingOptions, "shapesKnown"> = {},
  ) {
    this.taken = taken;
    this.shapesKnown = shapesKnown;
  }

  /** Adds a node with one output and returns the output's name. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ): string {
    const output = this.fresh();
    this.emit(type, inputs, [output], attributes);
    return output;
  }

  emit(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ): void {
    this.nodes.push(this.message(type, inputs, outputs, attributes, this.nodes.length));
  }

  private message(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, Attribute>,
    index: number,
  ): MessageWriter {
    const message = new MessageWriter();
    for (const input of inputs) {
      this.used.add(input);
      message.string(1, input);
    }
    for (const output of outputs) message.string(2, output);
    message.string(3, `${type}_${index}`).string(4, type);
    for (const [name, value] of Object.entries(attributes))
      message.message(5, encodeAttribute(name, value));
    return message;
  }

  /** Some constants are lowered in another form by the op that takes them. */
  usedInitializers(): MessageWriter[] {
    return [...this.initializers].flatMap(([name, message]) =>
      this.used.has(name) ? [message] : [],
    );
  }

  /** A float32 initializer; scalars and short vectors of equal value are shared. */
  floats(data: Float32Array, shape: Shape): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.initializer(FLOAT, raw, shape, data.length <= 64);
  }

  /** The same value in another shape. */
  reshape(input: string, shape: Shape): string {
    // The last axis is where positions are, or channels of weights: what the unknown inputs have.
    const target = this.shapesKnown || shape.length === 0 ? shape : shape.with(-1, -1);
    return this.node("Reshape", [input, this.integers(target)]);
  }

  /** An int64 initializer (shapes, axes, starts and ends of slices), shared by value. */
  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.initializer(INT64, new Uint8Array(data.buffer), [values.length], true);
  }

  /**
   * The value of the elements `start` to `end` of a flat vector. All segments of a vector come out of
   * one Split, the gaps between them included, which is written when all of them are known.
   */
  segment(source: string, length: number, start: number, end: number): string {
    let split = this.splits.get(source);
    if (split === undefined) {
      split = { slot: this.nodes.length, length, spans: [] };
      this.splits.set(source, split);
      this.nodes.push(new MessageWriter());
    }
    const name = this.fresh();
    split.spans.push({ start, end, name });
    return name;
  }

  /** Fills the places that were kept for Splits. Throws when segments overlap. */
  finishSplits(): void {
    for (const [source, { slot, length, spans }] of this.splits) {
      const sizes: number[] = [];
      const names: string[] = [];
      let position = 0;
      for (const { start, end, name } of spans.sort((a, b) => a.start - b.start)) {
        if (start < position) throw new Error(`segment ${start}-${end} overlaps another one`);
        if (start > position) {
          sizes.push(start - position);
          names.push(this.fresh());
        }
        sizes.push(end - start);
        names.push(name);
        position = end;
      }
      if (position < length) {
        sizes.push(length - position);
        names.push(this.fresh());
      }
      const inputs = [source, this.integers(sizes)];
      this.nodes[slot] = this.message("Split", inputs, names, { axis: 0 }, slot);
    }
  }

  fresh(): string {
    const name = `t${this.names++}`;
    return this.taken.has(name) ? this.fresh() : name;
  }

  private initializer(type: number, raw: Uint8Array, shape: Shape, share: boolean): string {
    const key = share ? `${type}[${shape}]${Buffer.from(raw).toString("base64")}` : "";
    const known = share ? this.shared.get(key) : undefined;
    if (known !== undefined) return known;
    const name = this.fresh();
    const message = new MessageWriter();
    if (shape.length > 0) message.integers(1, shape);
    this.initializers.set(name, message.integer(2, type).string(8, name).bytes(9, raw));
    if (share) this.shared.set(key, name);
    return name;
  }
}

/** What a model says of itself to whoever opens it. */
export interface ModelNotes {
  readonly documentation: string;
  /** Of inputs and outputs, by name. */
  readonly values: Readonly<Record<string, string>>;
  /** Free text by key (ONNX's metadata_props). */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The ONNX model that computes the named outputs from the graph's inputs.
 * Throws when an output has the name of an input.
 */
export function encodeOnnx(
  graph: Graph,
  outputs: Record<string, Tensor>,
  { shapesKnown, notes }: EncodingOptions = {},
): Uint8Array {
  const live = reachable(Object.values(outputs));
  for (const name of Object.keys(outputs)) {
    if (graph.inputs.has(name)) throw new Error(`"${name}" is an input and an output`);
  }
  const lowering = new Lowering(new Set([...graph.inputs.keys(), ...Object.keys(outputs)]), {
    shapesKnown,
  });
  const names = new Map<Tensor, string>();
  for (const node of live) {
    const inputs = node.inputs.map((input) => names.get(input) as string);
    names.set(node, node.lower(lowering, inputs));
  }
  const body = new MessageWriter();
  const results: MessageWriter[] = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    // Outputs get names of their own, so that one value may be two outputs or an input too.
    lowering.emit("Identity", [names.get(tensor) as string], [name]);
    results.push(valueInfo(name, tensor.shape, notes?.values[name]));
  }
  lowering.finishSplits();
  for (const node of lowering.nodes) body.message(1, node);
  body.string(2, "palette");
  for (const initializer of lowering.usedInitializers()) body.message(5, initializer);
  for (const [name, tensor] of graph.inputs) {
    if (names.has(tensor))
      body.message(11, valueInfo(name, tensor.shape, notes?.values[name], shapesKnown));
  }
  for (const result of results) body.message(12, result);
  const opset = new MessageWriter().string(1, "").integer(2, OPSET);
  const model = new MessageWriter().integer(1, IR_VERSION).string(2, "palette-diffusion");
  if (notes) model.string(6, notes.documentation);
  model.message(7, body).message(8, opset);
  for (const [key, value] of Object.entries(notes?.metadata ?? {}))
    model.message(14, new MessageWriter().string(1, key).string(2, value));
  return model.finish();
}

/** The nodes that the outputs need, in the order they were recorded. */
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

function encodeAttribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().string(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if (typeof value === "string") return message.string(4, value).integer(20, 3);
  if ("float" in value) return message.float(2, value.float).integer(20, 1);
  return message.integers(8, value).integer(20, 7);
}

/** Without knowing the last dimension, nothing that follows from it is known either. */
function valueInfo(
  name: string,
  shape: Shape,
  documentation?: string,
  known = true,
): MessageWriter {
  const dimensions = new MessageWriter();
  shape.forEach((dimension, i) => {
    const message = new MessageWriter();
    if (known || i < shape.length - 1) message.integer(1, dimension);
    dimensions.message(1, message);
  });
  const tensor = new MessageWriter().integer(1, FLOAT).message(2, dimensions);
  const info = new MessageWriter().string(1, name);
  info.message(2, new MessageWriter().message(1, tensor));
  return documentation === undefined ? info : info.string(3, documentation);
}
