/**
 * Making a tensor inside an ONNX graph one of its outputs. In protobuf, two messages written one after
 * the other are one message with the fields of both, so a file grows an output by appending
 * `ModelProto { graph { output { name } } }`; nothing of the file has to be understood or rewritten.
 */

import { MessageWriter } from "../../graph/protobuf.ts";
import { PaletteError } from "../../util/errors.ts";

/** Field numbers of onnx.proto. */
const GRAPH = 7;
const NODE = 1;
const OUTPUT = 12;
const NODE_OUTPUT = 2;
const VALUE_NAME = 1;

/**
 * The model with these tensors among its outputs; the same bytes when they are already.
 * @throws PaletteError when the file is no ONNX model or has no such tensor.
 */
export function withOutputs(model: Uint8Array, names: readonly string[], path: string): Uint8Array {
  const { outputs, tensors } = tensorNames(model, path);
  const missing = [...new Set(names)].filter((name) => !outputs.has(name));
  const unknown = missing.find((name) => !tensors.has(name));
  if (unknown !== undefined) {
    throw new PaletteError(
      `${path} has no tensor "${unknown}", which its manifest names; its outputs are ${[...outputs].join(", ")}.`,
    );
  }
  if (missing.length === 0) return model;
  const graph = new MessageWriter();
  for (const name of missing) graph.message(OUTPUT, new MessageWriter().string(VALUE_NAME, name));
  const addition = new MessageWriter().message(GRAPH, graph).finish();
  const out = new Uint8Array(model.length + addition.length);
  out.set(model);
  out.set(addition, model.length);
  return out;
}

function tensorNames(model: Uint8Array, path: string) {
  const outputs = new Set<string>();
  const tensors = new Set<string>();
  try {
    for (const graph of fields(model, GRAPH)) {
      for (const output of fields(graph, OUTPUT)) outputs.add(textOf(output, VALUE_NAME));
      for (const node of fields(graph, NODE)) {
        for (const name of fields(node, NODE_OUTPUT)) tensors.add(decoder.decode(name));
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    outputs.clear();
  }
  if (outputs.size === 0) {
    throw new PaletteError(`${path} is not an ONNX model or is damaged; fetch it again.`);
  }
  return { outputs, tensors };
}

const decoder = new TextDecoder();

function textOf(message: Uint8Array, field: number): string {
  for (const bytes of fields(message, field)) return decoder.decode(bytes);
  return "";
}

/**
 * The length-delimited fields with this number, in order; views, not copies.
 * @throws RangeError when the bytes are no protobuf message.
 */
function* fields(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    // Beyond 2^53 only integer fields go, whose values do not matter here.
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      if (byte === undefined || factor > 2 ** 63) throw new RangeError("truncated message");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const [field, wireType] = [Math.floor(key / 8), key % 8];
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      if (at + length > message.length) throw new RangeError("truncated message");
      if (field === wanted) yield message.subarray(at, at + length);
      at += length;
    } else throw new RangeError(`unknown wire type ${wireType}`);
  }
  if (at > message.length) throw new RangeError("truncated message");
}
