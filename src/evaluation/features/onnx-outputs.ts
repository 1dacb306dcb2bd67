import { MessageWriter } from "../../graph/protobuf.ts";

/** Field numbers of onnx.proto. */
const modelGraph = 7;
const graphNode = 1;
const graphOutput = 12;
const node = { input: 1, output: 2, operator: 4 } as const;
const valueName = 1;

/**
 * An ONNX model with further outputs: each is an Identity of any tensor, also an inner one.
 * In protobuf, two messages written one after the other are one message with the fields of both.
 * So appending `ModelProto { graph { node, output } }` extends a file without reading it.
 * @param outputs the names of the new outputs and of the tensors that they show
 */
export function withOutputs(
  model: Uint8Array,
  outputs: Readonly<Record<string, string>>,
): Uint8Array {
  const graph = new MessageWriter();
  for (const [output, tensor] of Object.entries(outputs)) {
    const identity = new MessageWriter()
      .string(node.input, tensor)
      .string(node.output, output)
      .string(node.operator, "Identity");
    graph
      .message(graphNode, identity)
      .message(graphOutput, new MessageWriter().string(valueName, output));
  }
  const addition = new MessageWriter().message(modelGraph, graph).finish();
  const extended = new Uint8Array(model.length + addition.length);
  extended.set(model);
  extended.set(addition, model.length);
  return extended;
}
