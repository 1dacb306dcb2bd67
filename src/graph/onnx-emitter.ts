/** Writes the nodes and constants of an ONNX graph, as onnx.proto has them. */
import { toHalf } from "../util/half-precision.ts";
import {
  type Attributes,
  FLOAT,
  type FLOAT16,
  INT8,
  INT32,
  INT64,
  nodeMessage,
  tensorMessage,
  UINT8,
} from "./onnx-messages.ts";
import { ownSine } from "./own-sine.ts";
import type { MessageWriter } from "./protobuf.ts";
import type { contributed, Emitter, RankedValue, Shape } from "./tensor.ts";

export interface EmitterOptions {
  /**
   * Whether the model tells ONNX Runtime the shapes of its values (default true). ONNX Runtime then
   * plans which values of equal shape share memory, and holds that memory from the first of them to
   * the last. Otherwise a value has memory from its computation until its last use.
   */
  readonly shapesKnown?: boolean;
  /**
   * The most inputs and outputs of a node, together (default: any number). Each is a storage buffer
   * on WebGPU, where a browser may allow 8. Longer Splits and Concats become trees.
   */
  readonly maxBindings?: number;
  /** Whether sines and cosines are made of sums and products (default false). */
  readonly ownSines?: boolean;
  /**
   * Whether a value waits for others by adding zero times a number of each (default false), which
   * copies it, and not by a computed shape, which a GPU would have to ask a processor for.
   */
  readonly waitsBySum?: boolean;
}

/** The segments of one flat vector, and the place of their node. */
interface Segments {
  readonly slot: number;
  readonly length: number;
  readonly spans: { readonly start: number; readonly end: number; readonly name: string }[];
}

/** A contiguous part of a vector. */
interface Piece {
  readonly name: string;
  readonly length: number;
}

/** Collects the nodes and initializers of an ONNX graph. */
export class OnnxEmitter implements Emitter {
  /** Each slot holds one node, or those of a tree. */
  private readonly slots: MessageWriter[][] = [];
  private readonly initializers = new Map<string, MessageWriter>();
  private readonly used = new Set<string>();
  private readonly shared = new Map<string, string>();
  private readonly segments = new Map<string, Segments>();
  /** Integers 0 that are there once the value of that name is. */
  private readonly zeros = new Map<string, string>();
  /** What `reshapeAfter` has made: of what, and the zero that it waits for. */
  private readonly waiting = new Map<string, { readonly source: string; readonly zero: string }>();
  /** Zero, by way of a size, for `hiddenShape`; the nodes of hidden shapes by what they hold. */
  private nothing: string | undefined;
  private readonly written = new Map<string, string>();
  private names = 0;
  /** Of the nodes' operators. */
  readonly domains = new Set<string>();
  /** Names of the model's inputs and outputs. */
  private readonly taken: ReadonlySet<string>;
  private readonly shapesKnown: boolean;
  private readonly maxBindings: number;
  private readonly ownSines: boolean;
  private readonly waitsBySum: boolean;

  constructor(
    taken: ReadonlySet<string>,
    {
      shapesKnown = true,
      maxBindings = Number.POSITIVE_INFINITY,
      ownSines = false,
      waitsBySum = false,
    }: EmitterOptions,
  ) {
    if (maxBindings < 4)
      throw new RangeError(`a tree of nodes needs 4 bindings, not ${maxBindings}`);
    this.taken = taken;
    this.shapesKnown = shapesKnown;
    this.maxBindings = maxBindings;
    this.ownSines = ownSines;
    this.waitsBySum = waitsBySum;
  }

  node(
    type: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain?: typeof contributed,
  ): string {
    const output = this.fresh();
    this.add(type, inputs, output, attributes, domain);
    return output;
  }

  /** Adds a node whose output has the given name. */
  add(
    type: string,
    inputs: readonly string[],
    output: string,
    attributes: Attributes = {},
    domain?: typeof contributed,
  ): void {
    const node = this.message(type, inputs, [output], attributes, `${this.slots.length}`);
    if (domain !== undefined) node.string(7, domain);
    this.domains.add(domain ?? "");
    this.slots.push([node]);
  }

  private message(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Attributes,
    place: string,
  ): MessageWriter {
    for (const input of inputs) this.used.add(input);
    return nodeMessage(type, inputs, outputs, attributes, `${type}_${place}`);
  }

  /** The nodes in topological order. */
  finishedNodes(): MessageWriter[] {
    for (const [source, segments] of this.segments) this.finishSplit(source, segments);
    return this.slots.flat();
  }

  /** The initializers that nodes take: an op may emit a constant's value in another form. */
  usedInitializers(): MessageWriter[] {
    return [...this.initializers].flatMap(([name, message]) =>
      this.used.has(name) ? [message] : [],
    );
  }

  /** The type of the constants of the node at hand. */
  type: typeof FLOAT | typeof FLOAT16 = FLOAT;

  /** Short vectors of equal value are shared. */
  floats(data: Float32Array, shape: Shape): string {
    const { buffer, byteOffset, byteLength } = this.type === FLOAT ? data : toHalf(data);
    const raw = new Uint8Array(buffer, byteOffset, byteLength);
    return this.initializer(this.type, raw, shape, data.length <= 256);
  }

  bytes(data: Uint8Array | Int8Array | Int32Array, shape: Shape): string {
    const type = data instanceof Uint8Array ? UINT8 : data instanceof Int8Array ? INT8 : INT32;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.initializer(type, raw, shape, raw.length <= 256);
  }

  reshape(input: string, shape: Shape): string {
    const { source, zero } = this.waiting.get(input) ?? {};
    // ONNX Runtime makes one of two reshapes in a row, and forgets what the first waits for.
    if (source !== undefined && zero !== undefined) return this.reshapeOnce(zero, source, shape);
    const target = this.shapesKnown ? this.integers(shape) : this.hiddenShape(input, shape);
    return this.node("Reshape", [input, target]);
  }

  /**
   * A shape whose length and numbers ONNX Runtime does not foresee: the end of a slice is a sum
   * with zero times a size. Of values with a rank, but no sizes, it would compare each with all
   * others that are free: seconds for a graph of some thousand nodes.
   */
  private hiddenShape(input: string, shape: Shape): string {
    this.nothing ??= this.node("Mul", [this.node("Size", [input]), this.integers([0])]);
    const end = this.once(`end ${shape.length}`, "Add", this.nothing, [shape.length]);
    return this.once(`shape ${shape}`, "Slice", this.integers(shape), [0], end);
  }

  /** A node over integers that is written once for all that have the same key. */
  private once(key: string, type: string, first: string, numbers: number[], end?: string): string {
    const known = this.written.get(key);
    if (known !== undefined) return known;
    const rest = end === undefined ? [] : [end];
    const name = this.node(type, [first, this.integers(numbers), ...rest]);
    this.written.set(key, name);
    return name;
  }

  sine(type: "Sin" | "Cos", input: string): string {
    return this.ownSines ? ownSine(this, type, input) : this.node(type, [input]);
  }

  /**
   * A reshape copies nothing. It waits because its shape adds zero times a number of each of the
   * others; ONNX Runtime does not simplify that.
   */
  reshapeAfter(input: string, others: readonly RankedValue[], shape: Shape): string {
    const zeros = others.map((other) => this.zeroAfter(other));
    if (this.waitsBySum) {
      const sum = zeros.reduce((value, zero) => this.node("Add", [value, zero]), input);
      return this.reshape(sum, shape);
    }
    return this.reshapeOnce(
      zeros.reduce((a, b) => this.node("Add", [a, b])),
      input,
      shape,
    );
  }

  private reshapeOnce(zero: string, source: string, shape: Shape): string {
    const target = this.node("Add", [zero, this.integers(shape)]);
    const name = this.node("Reshape", [source, target]);
    this.waiting.set(name, { source, zero });
    return name;
  }

  /** Everything that waits for the value shares it. */
  private zeroAfter({ name, rank }: RankedValue): string {
    const known = this.zeros.get(name);
    if (known !== undefined) return known;
    const each = (value: number) => this.integers(new Array<number>(rank).fill(value));
    const axes = this.integers(Array.from({ length: rank }, (_, axis) => axis));
    const first = rank === 0 ? name : this.node("Slice", [name, each(0), each(1), axes]);
    if (this.waitsBySum) {
      const nothing = this.floats(new Float32Array(1), []);
      const only = this.reshape(first, [1]);
      const zero = this.node("Mul", [only, nothing]);
      this.zeros.set(name, zero);
      return zero;
    }
    const strange = this.node("Cast", [this.node("IsNaN", [first])], { to: INT64 });
    const count = this.node("ReduceSum", [strange], { keepdims: 0 });
    const zero = this.node("Mul", [count, this.integers([0])]);
    this.zeros.set(name, zero);
    return zero;
  }

  /** Vectors of equal value are shared. */
  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.initializer(INT64, new Uint8Array(data.buffer), [values.length], true);
  }

  concat(inputs: readonly string[], axis: number): string {
    const most = this.maxBindings - 1;
    if (inputs.length <= most) return this.node("Concat", inputs, { axis });
    const parts = chunks(inputs, most).map((part) =>
      part.length === 1 ? part[0]! : this.concat(part, axis),
    );
    return this.concat(parts, axis);
  }

  /** All segments of a vector, with the gaps between them, come out of one Split or tree. */
  segment(source: string, length: number, start: number, end: number): string {
    let segments = this.segments.get(source);
    if (segments === undefined) {
      segments = { slot: this.slots.length, length, spans: [] };
      this.segments.set(source, segments);
      this.slots.push([]);
    }
    const name = this.fresh();
    segments.spans.push({ start, end, name });
    return name;
  }

  /** Fills the slot that was kept for a Split. Throws when segments overlap. */
  private finishSplit(source: string, { slot, length, spans }: Segments): void {
    const pieces: Piece[] = [];
    let position = 0;
    for (const { start, end, name } of spans.sort((a, b) => a.start - b.start)) {
      if (start < position) throw new Error(`segment ${start}-${end} overlaps another one`);
      if (start > position) pieces.push({ name: this.fresh(), length: start - position });
      pieces.push({ name, length: end - start });
      position = end;
    }
    if (position < length) pieces.push({ name: this.fresh(), length: length - position });
    this.slots[slot] = this.split(source, pieces, `${slot}`);
  }

  private split(source: string, pieces: readonly Piece[], place: string): MessageWriter[] {
    const most = this.maxBindings - 2;
    const groups = pieces.length <= most ? pieces.map((piece) => [piece]) : chunks(pieces, most);
    const outputs = groups.map((group) => (group.length === 1 ? group[0]!.name : this.fresh()));
    const lengths = groups.map((group) => group.reduce((sum, { length }) => sum + length, 0));
    const inputs = [source, this.integers(lengths)];
    const below = groups.flatMap((group, i) =>
      group.length === 1 ? [] : this.split(outputs[i]!, group, `${place}_${i}`),
    );
    return [this.message("Split", inputs, outputs, { axis: 0 }, place), ...below];
  }

  private fresh(): string {
    const name = `t${this.names++}`;
    return this.taken.has(name) ? this.fresh() : name;
  }

  private initializer(type: number, raw: Uint8Array, shape: Shape, share: boolean): string {
    const key = share ? `${type}[${shape}]${raw.join()}` : "";
    const known = share ? this.shared.get(key) : undefined;
    if (known !== undefined) return known;
    const name = this.fresh();
    this.initializers.set(name, tensorMessage(name, type, shape, raw));
    if (share) this.shared.set(key, name);
    return name;
  }
}

/** At most `count` contiguous parts of nearly equal length. */
function chunks<T>(items: readonly T[], count: number): T[][] {
  const starts = Array.from({ length: count + 1 }, (_, i) =>
    Math.floor((i * items.length) / count),
  );
  return starts.slice(1).map((end, i) => items.slice(starts[i], end));
}
