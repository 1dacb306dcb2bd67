/**
 * Encodes a traced graph as an ONNX model (opset 17, IR version 8). Only what the outputs need is
 * written, so dead code disappears here. Field numbers are those of the ONNX specification's
 * onnx.proto.
 */
import { halfValues } from "./mixed-precision.ts";
import { type EmitterOptions, OnnxEmitter } from "./onnx-emitter.ts";
import { FLOAT, FLOAT16 } from "./onnx-messages.ts";
import { MessageWriter } from "./protobuf.ts";
import { contributed, type Graph, reachable, type Shape, type Tensor } from "./tensor.ts";

const OPSET = 17;
const IR_VERSION = 8;

/** How numbers are kept inside a graph; its inputs and outputs are float32. */
export const precisions = ["float32", "float16"] as const;
export type Precision = (typeof precisions)[number];

export interface EncodingOptions extends EmitterOptions {
  /** "float16": see `halfValues` (default "float32"). */
  readonly precision?: Precision;
  readonly notes?: ModelNotes;
}

/** Notes of a model for its readers. */
export interface ModelNotes {
  readonly documentation: string;
  /** The meaning of inputs and outputs, by name. */
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
  options: EncodingOptions = {},
): Uint8Array {
  const { shapesKnown, notes } = options;
  const live = reachable(Object.values(outputs));
  for (const name of Object.keys(outputs)) {
    if (graph.inputs.has(name)) throw new Error(`"${name}" is an input and an output`);
  }
  const taken = new Set([...graph.inputs.keys(), ...Object.keys(outputs)]);
  const emitter = new OnnxEmitter(taken, options);
  const half = options.precision === "float16" ? halfValues(live) : new Set<Tensor>();
  const typeOf = (node: Tensor) => (half.has(node) ? FLOAT16 : FLOAT);
  /** The values by their types: a constant in each that is asked for, others also cast. */
  const names = { [FLOAT]: new Map<Tensor, string>(), [FLOAT16]: new Map<Tensor, string>() };
  const nameOf = (node: Tensor, type: typeof FLOAT | typeof FLOAT16): string => {
    const known = names[type].get(node);
    if (known !== undefined) return known;
    emitter.type = type;
    const name =
      node.op === "constant"
        ? node.emit(emitter, [])
        : emitter.node("Cast", [names[typeOf(node)].get(node) as string], { to: type });
    names[type].set(node, name);
    return name;
  };
  const there = new Set(live);
  for (const node of live) {
    if (node.op === "constant") continue;
    const type = typeOf(node);
    // What only a gradient would need is not there.
    const inputs = node.inputs.map((input) => (there.has(input) ? nameOf(input, type) : ""));
    emitter.type = type;
    names[type].set(node, node.emit(emitter, inputs));
  }
  const body = new MessageWriter();
  const results: MessageWriter[] = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    // Outputs get names of their own, so that one value may be two outputs or an input too.
    emitter.add("Identity", [nameOf(tensor, FLOAT)], name);
    results.push(valueInfo(name, tensor.shape, notes?.values[name], shapesKnown));
  }
  for (const node of emitter.finishedNodes()) body.message(1, node);
  body.string(2, "palette");
  for (const initializer of emitter.usedInitializers()) body.message(5, initializer);
  for (const [name, tensor] of graph.inputs) {
    if (there.has(tensor))
      body.message(11, valueInfo(name, tensor.shape, notes?.values[name], shapesKnown));
  }
  for (const result of results) body.message(12, result);
  const opset = new MessageWriter().string(1, "").integer(2, OPSET);
  const model = new MessageWriter().integer(1, IR_VERSION).string(2, "palette-diffusion");
  if (notes) model.string(6, notes.documentation);
  model.message(7, body).message(8, opset);
  if (emitter.domains.has(contributed))
    model.message(8, new MessageWriter().string(1, contributed).integer(2, 1));
  for (const [key, value] of Object.entries(notes?.metadata ?? {}))
    model.message(14, new MessageWriter().string(1, key).string(2, value));
  return model.finish();
}

/** Without knowing these shapes, nothing that follows from them is known either. */
function valueInfo(
  name: string,
  shape: Shape,
  documentation?: string,
  known = true,
): MessageWriter {
  const dimensions = new MessageWriter();
  shape.forEach((dimension) => {
    dimensions.message(1, new MessageWriter().integer(1, dimension));
  });
  const tensor = new MessageWriter().integer(1, FLOAT);
  if (known) tensor.message(2, dimensions);
  const info = new MessageWriter().string(1, name);
  info.message(2, new MessageWriter().message(1, tensor));
  return documentation === undefined ? info : info.string(3, documentation);
}
