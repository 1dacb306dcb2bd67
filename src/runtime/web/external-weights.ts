/**
 * WebAssembly's memory grows and never shrinks. A model's weights would be in it three times while
 * a session is made: in the file, in what is parsed of it, and as tensors. So the model says of its
 * large weights that they lie in another file, which is the model as it was: ONNX Runtime then
 * copies them from outside, once.
 */
import { MessageWriter } from "../../graph/protobuf.ts";

/** Fields of ONNX's messages: onnx.proto. */
const graphOfModel = 7;
const initializerOfGraph = 5;
const tensor = { dataType: 2, rawData: 9, externalData: 13, dataLocation: 14 } as const;
const external = 1;
/** Other tensors say shapes, which ONNX Runtime has to see. */
const float32 = 1;
/** What is smaller, ONNX Runtime may look at while it plans. */
const leastBytes = 1024;

interface Field {
  readonly number: number;
  /** From its tag on. */
  readonly start: number;
  /** Of its content, where it has a length. */
  readonly content: number;
  readonly end: number;
}

/**
 * The same model with its large initializers as external data.
 * @param file the name under which the bytes of `model` can be found
 */
export function withExternalWeights(model: Uint8Array, file: string): Uint8Array {
  const anew = writerOf(model, 0, model.length, graphOfModel, (graph) =>
    writerOf(model, graph.content, graph.end, initializerOfGraph, ({ content, end }) =>
      initializer(model, content, end, file),
    ),
  );
  return anew.finish();
}

/** The message between `start` and `end`, in which fields of this number are written anew. */
function writerOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  number: number,
  rewrite: (field: Field) => MessageWriter | undefined,
): MessageWriter {
  const writer = new MessageWriter();
  for (const field of fieldsOf(bytes, start, end)) {
    const anew = field.number === number ? rewrite(field) : undefined;
    if (anew === undefined) writer.encoded(bytes.subarray(field.start, field.end));
    else writer.message(number, anew);
  }
  return writer;
}

/** Undefined where it stays as it is. */
function initializer(
  bytes: Uint8Array,
  start: number,
  end: number,
  file: string,
): MessageWriter | undefined {
  const fields = [...fieldsOf(bytes, start, end)];
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

function* fieldsOf(bytes: Uint8Array, start: number, end: number): Generator<Field> {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < end) {
    const from = at;
    const tag = varint();
    const wire = tag & 7;
    let content = at;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      const length = varint();
      content = at;
      at += length;
    }
    yield { number: Math.floor(tag / 8), start: from, content, end: at };
  }
}
