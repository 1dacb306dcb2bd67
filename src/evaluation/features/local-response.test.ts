import { describe, expect, it } from "vitest";
import { countTypes, readModel } from "../../../test/support/onnx-reader.ts";
import { MessageWriter } from "../../graph/protobuf.ts";
import { nodeRuntime } from "../../runtime/node/index.ts";
import { withoutLocalResponse } from "./local-response.ts";

const message = () => new MessageWriter();
const shape = [2, 7, 3, 2];

function value(name: string) {
  const dimensions = message();
  for (const length of shape) dimensions.message(1, message().integer(1, length));
  const tensor = message().integer(1, 1).message(2, dimensions);
  return message().string(1, name).message(2, message().message(1, tensor));
}

/** "x" -> LRN -> "y" with the attributes of a NodeProto. */
function normalization(attributes: readonly MessageWriter[], opset = 13) {
  const node = message().string(1, "x").string(2, "y").string(3, "norm").string(4, "LRN");
  for (const attribute of attributes) node.message(5, attribute);
  const graph = message().message(1, node).string(2, "lrn");
  graph.message(11, value("x")).message(12, value("y"));
  const version = message().string(1, "").integer(2, opset);
  return message().integer(1, 7).message(7, graph).message(8, version).finish();
}

const float = (name: string, number: number) =>
  message().string(1, name).float(2, number).integer(20, 1);
const size = (number: number) => message().string(1, "size").integer(3, number).integer(20, 2);

const x = Float32Array.from({ length: 2 * 7 * 3 * 2 }, (_, k) => 20 * Math.sin(1.7 * k));

async function answer(model: Uint8Array) {
  const engine = await nodeRuntime.compile(model, { threads: 1 });
  const { y } = await engine.run({ x: { data: x, shape } });
  await engine.dispose();
  return y!.data as Float32Array;
}

/** The formula of the paper of 2012. */
function formula(window: number, alpha: number, bias: number) {
  const [batch, channels, pixels] = [2, 7, 6];
  return Float32Array.from({ length: batch * channels * pixels }, (_, k) => {
    const channel = Math.floor(k / pixels) % channels;
    let sum = 0;
    for (let d = -(window - 1) / 2; d <= (window - 1) / 2; d++) {
      if (channel + d >= 0 && channel + d < channels) sum += x[k + d * pixels]! ** 2;
    }
    return x[k]! / (bias + (alpha / window) * sum) ** 0.75;
  });
}

describe("local response normalization", () => {
  it.each([
    { window: 5, alpha: 1e-4, bias: 1, opset: 12 },
    { window: 5, alpha: 0.3, bias: 2, opset: 13 },
    { window: 3, alpha: 0.3, bias: 0.5, opset: 17 },
    { window: 1, alpha: 0.3, bias: 1, opset: 17 },
  ])("without LRN is the same: %o", async ({ window, alpha, bias, opset }) => {
    const model = normalization(
      [size(window), float("alpha", alpha), float("beta", 0.75), float("bias", bias)],
      opset,
    );
    const anew = withoutLocalResponse(model);
    expect(countTypes(readModel(anew))).toMatchObject({ AveragePool: 1, Sqrt: 2, Div: 1 });
    expect(countTypes(readModel(anew)).LRN).toBeUndefined();
    const [before, after] = [await answer(model), await answer(anew)];
    const expected = formula(window, alpha, bias);
    for (const k of expected.keys()) {
      expect(after[k]).toBeCloseTo(expected[k]!, 4);
      expect(Math.abs(after[k]! - before[k]!)).toBeLessThan(1e-5 * (1 + Math.abs(before[k]!)));
    }
  });

  it("has ONNX's defaults", async () => {
    const after = await answer(withoutLocalResponse(normalization([size(3)])));
    const expected = formula(3, 1e-4, 1);
    for (const k of expected.keys()) expect(after[k]).toBeCloseTo(expected[k]!, 4);
  });

  it("stays where the power is another one", () => {
    const model = normalization([size(5), float("beta", 0.5)]);
    expect(withoutLocalResponse(model)).toEqual(model);
  });
});
