/** Messages of onnx.proto that graphs are made of: nodes, their attributes, constant tensors. */
import { MessageWriter } from "./protobuf.ts";
import type { Attribute, Shape } from "./tensor.ts";

/** Types of numbers, by onnx.proto. */
export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const INT32 = 6;
export const INT64 = 7;
export const FLOAT16 = 10;

export type Attributes = Readonly<Record<string, Attribute>>;

/** A NodeProto; without a name where none is given. */
export function nodeMessage(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
  name?: string,
): MessageWriter {
  const message = new MessageWriter();
  for (const input of inputs) message.string(1, input);
  for (const output of outputs) message.string(2, output);
  if (name !== undefined) message.string(3, name);
  message.string(4, type);
  for (const [key, value] of Object.entries(attributes))
    message.message(5, attributeMessage(key, value));
  return message;
}

/** A TensorProto of the bytes `raw`; a shape of [] is a scalar. */
export function tensorMessage(
  name: string,
  type: number,
  shape: Shape,
  raw: Uint8Array,
): MessageWriter {
  const message = new MessageWriter();
  if (shape.length > 0) message.integers(1, shape);
  return message.integer(2, type).string(8, name).bytes(9, raw);
}

function attributeMessage(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().string(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if (typeof value === "string") return message.string(4, value).integer(20, 3);
  if ("float" in value) return message.float(2, value.float).integer(20, 1);
  return message.integers(8, value).integer(20, 7);
}
