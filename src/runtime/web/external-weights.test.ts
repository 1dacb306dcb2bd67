import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { presetNamed } from "../../models/presets.ts";
import { inferenceGraph, trainingGraph } from "../../nn/graphs.ts";
import { parameterCount } from "../../nn/parameters.ts";
import { parameterSpecs } from "../../nn/registry.ts";
import { withExternalWeights } from "./external-weights.ts";

const { network } = presetNamed("tiny-32");
const specs = parameterSpecs(network);
const float = 1;
const external = 1;

const same = (a: Uint8Array = new Uint8Array(), b: Uint8Array = new Uint8Array()) =>
  Buffer.compare(a, b) === 0;

/** In their order. */
const initializersOf = (model: Uint8Array) =>
  fromBinary(ModelProtoSchema, model).graph?.initializer ?? [];

describe("a model whose large weights are outside", () => {
  it("says where in the model as it was their bytes lie, and is otherwise the same", () => {
    const parameters = new Float32Array(parameterCount(specs)).map((_, i) => i);
    const { model } = inferenceGraph(network, specs, parameters, 1);
    const small = withExternalWeights(model, "weights");
    expect(small.length).toBeLessThan(model.length / 10);
    const [before, after] = [initializersOf(model), initializersOf(small)];
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    let outside = 0;
    for (const [k, { externalData, dataLocation, ...rest }] of after.entries()) {
      const { dims, dataType, rawData = new Uint8Array() } = before[k]!;
      expect([rest.dims, rest.dataType]).toEqual([dims, dataType]);
      if (dataLocation !== external) {
        expect(same(rest.rawData, rawData)).toBe(true);
        continue;
      }
      outside += 1;
      const said = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
      const start = Number(said.offset);
      expect(said.location).toBe("weights");
      expect(same(model.subarray(start, start + Number(said.length)), rawData)).toBe(true);
    }
    expect(outside).toBeGreaterThan(10);
  });

  it("keeps integers, however many: ONNX Runtime plans by them", () => {
    const model = trainingGraph(network, specs, { batch: 1, loss: "l1" });
    for (const { dataType, dataLocation } of initializersOf(withExternalWeights(model, "x"))) {
      if (dataType !== float) expect(dataLocation).not.toBe(external);
    }
  });
});
