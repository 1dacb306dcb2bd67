/**
 * Reverse-mode differentiation of a traced graph. Walks the nodes from the loss back to the
 * parameters once, in reverse order of recording, and adds up what each consumer hands back; the
 * result is more graph, written in the same ops, and can itself be differentiated.
 */
import { add, broadcastTo } from "./ops/index.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The gradients of a scalar `loss` with respect to `parameters`, in their order and shapes.
 * Throws when the loss is not a single number or does not depend on one of the parameters.
 */
export function grad(loss: Tensor, parameters: readonly Tensor[]): Tensor[] {
  if (loss.shape.some((dimension) => dimension !== 1))
    throw new Error(`grad: the loss has shape [${loss.shape}], not a single number`);
  return pullback(loss, loss.graph.constant(1, loss.shape), parameters);
}

/**
 * The gradients with respect to `parameters` of something that has the given gradient with respect
 * to `output`. Throws when the output does not depend on one of the parameters.
 */
export function pullback(
  output: Tensor,
  gradient: Tensor,
  parameters: readonly Tensor[],
): Tensor[] {
  const wanted = new Set(parameters);
  const needed = dependents(output, wanted);
  const gradients = new Map<Tensor, Tensor>([[output, gradient]]);
  for (const node of needed) {
    const gradient = gradients.get(node);
    // Usually nothing wanted lies below a parameter, whose vjp need not be written then.
    if (gradient === undefined || !node.inputs.some((input) => needed.has(input))) continue;
    node.vjp(gradient).forEach((part, i) => {
      const input = node.inputs[i]!;
      if (part === undefined || !needed.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? part : add(sum, part));
    });
  }
  return parameters.map((parameter) => {
    const gradient = gradients.get(parameter);
    if (gradient === undefined)
      throw new Error(`grad: the output does not depend on parameter ${parameter.id}`);
    return broadcastTo(gradient, parameter.shape);
  });
}

/** The nodes between the output and the parameters, last recorded first. */
function dependents(output: Tensor, wanted: ReadonlySet<Tensor>): Set<Tensor> {
  const depends = new Set<Tensor>();
  for (const node of output.graph.nodes.slice(0, output.id + 1)) {
    if (wanted.has(node) || node.inputs.some((input) => depends.has(input))) depends.add(node);
  }
  return new Set([...depends].reverse());
}
