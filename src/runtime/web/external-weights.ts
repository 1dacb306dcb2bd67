/**
 * WebAssembly's memory grows and never shrinks. A model's weights would be in it three times while
 * a session is made: in the file, in what is parsed of it, and as tensors. So the model says of its
 * large weights that they lie in another file, which is the model as it was: ONNX Runtime then
 * copies them from outside, once.
 */
import { type Field, fieldsOf, MessageWriter, rewritten } from "../../graph/protobuf.ts";

/** Fields of ONNX's messages: onnx.proto. */
const graphOfModel = 7;
const initializerOfGraph = 5;
const tensor = { dataType: 2, rawData: 9, externalData: 13, dataLocation: 14 } as const;
const external = 1;
/** Other tensors say shapes, which ONNX Runtime has to see. */
const float32 = 1;
/** What is smaller, ONNX Runtime may look at while it plans. */
const leastBytes = 1024;

/**
 * The same model with its large initializers as external data.
 * @param file the name under which the bytes of `model` can be found
 */
export function withExternalWeights(model: Uint8Array, file: string): Uint8Array {
  const graphs = rewritten(model, graphOfModel, (graph) =>
    rewritten(model, initializerOfGraph, (field) => initializer(model, field, file), graph),
  );
  return graphs.finish();
}

/** Undefined where it stays as it is. */
function initializer(bytes: Uint8Array, field: Field, file: string): MessageWriter | undefined {
  const fields = [...fieldsOf(bytes, field)];
  const raw = fields.find((field) => field.number === tensor.rawData);
  if (raw === undefined || raw.end - raw.content < leastBytes) return undefined;
  // The type's number is a varint of one byte, behind its tag.
  const type = fields.find((field) => field.number === tensor.dataType);
  if (type === undefined || bytes[type.end - 1] !== float32) return undefined;
  const writer = new MessageWriter();
  for (const field of fields) {
    if (field !== raw) writer.encoded(bytes.subarray(field.start, field.end));
  }
  const place = { location: file, offset: raw.content, length: raw.end - raw.content };
  for (const [key, value] of Object.entries(place)) {
    writer.message(tensor.externalData, new MessageWriter().string(1, key).string(2, `${value}`));
  }
  return writer.integer(tensor.dataLocation, external);
}
