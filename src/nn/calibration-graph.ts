/** The graph that gives the ranges of a network's convolutions (`training/calibrate.ts`). */
import { encodeOnnx, Graph, type Quantization, type Tensor } from "../graph/index.ts";
import { type NetworkConfig, networkInputs } from "./network.ts";
import { ConstantParameters, type ParameterSpec } from "./parameters.ts";
import { buildNetwork } from "./registry.ts";

/** A convolution of a calibration graph: its input and output are outputs of these names. */
export interface ObservedConvolution {
  readonly place: string;
  readonly input: string;
  readonly output: string;
}

/**
 * ONNX model of one network call in float32 whose further outputs are the maps that go into and
 * come out of each convolution, as `int8Lowering` stores them.
 */
export function calibrationGraph(
  config: NetworkConfig,
  specs: readonly ParameterSpec[],
  weights: Float32Array,
  batch: number,
): { readonly model: Uint8Array; readonly convolutions: readonly ObservedConvolution[] } {
  const maps: Record<string, Tensor> = {};
  const convolutions: ObservedConvolution[] = [];
  const observe: Quantization["observe"] = (place, from, to) => {
    const [input, output] = [`input of ${place}`, `output of ${place}`];
    maps[input] = from;
    maps[output] = to;
    convolutions.push({ place, input, output });
  };
  const graph = new Graph();
  const parameters = new ConstantParameters(graph, specs, weights);
  const images = networkInputs(graph, config, batch);
  const output = buildNetwork(config, parameters, images, {
    quantization: { ranges: {}, observe },
  });
  return { model: encodeOnnx(graph, { output, ...maps }), convolutions };
}
