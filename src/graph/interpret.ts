/**
 * Evaluates a traced graph in float64, node by node and by definition. Slow and exact: what the
 * gradients and the ONNX encoding are checked against.
 */
import { reachable, size, type Tensor } from "./tensor.ts";

/** The values of the outputs, given the values of the graph's inputs by name. */
export function interpret(
  outputs: readonly Tensor[],
  inputs: Record<string, ArrayLike<number>>,
): Float64Array[] {
  const values = new Map<Tensor, Float64Array>();
  for (const [name, value] of Object.entries(inputs)) {
    const tensor = outputs[0]?.graph.inputs.get(name);
    if (tensor === undefined) throw new Error(`interpret: the graph has no input "${name}"`);
    if (value.length !== size(tensor.shape))
      throw new Error(`interpret: "${name}" needs ${size(tensor.shape)} numbers`);
    values.set(tensor, Float64Array.from(value));
  }
  for (const node of reachable(outputs)) {
    if (values.has(node)) continue;
    values.set(node, node.evaluate(node.inputs.map((input) => values.get(input)!)));
  }
  return outputs.map((output) => values.get(output)!);
}
