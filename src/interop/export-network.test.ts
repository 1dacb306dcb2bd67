import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { randomModel } from "../../test/random-model.ts";
import { readModel } from "../../test/support/onnx-reader.ts";
import { theirModel } from "../../test/support/pytorch-palette.ts";
import { estimateClean } from "../diffusion/parameterization.ts";
import { parseModelConfig } from "../models/config.ts";
import { presetNamed } from "../models/presets.ts";
import { decodeSafetensors } from "../models/safetensors.ts";
import { noiseEmbeddingInput } from "../nn/network.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { loadNetwork } from "../node/load-network.ts";
import { openSession } from "../runtime/node/session.ts";
import { Random } from "../util/random.ts";
import { exportOnnx, exportSafetensors, theirArguments } from "./export-network.ts";

const noise = (length: number, name: string) =>
  Random.from("export", name).fillNormal(new Float32Array(length));

describe("an exported ONNX file", () => {
  it.each([
    ["of a network of the PyTorch Palette", theirModel()],
    ["of a network of ours", randomModel()],
  ])("%s computes what the network does, for a batch", async (_, model) => {
    const { resolution, channels } = model.config.network;
    const shape = [2, channels, resolution, resolution] as const;
    const size = 2 * channels * resolution ** 2;
    const [source, noisy] = [noise(size, "source"), noise(size, "noisy")];
    const gammas = [0.9, 0.01];
    const network = await loadNetwork(model, { threads: 1 });
    const expected = await network.predict({ source, noisy, gamma: gammas, shape });
    await network.dispose();

    const session = await openSession(exportOnnx(model, { batch: 2 }).bytes);
    const { output } = await session.run({
      source: { data: source, shape },
      noisy: { data: noisy, shape },
      conditioning: {
        data: Float32Array.from(gammas, (g) => noiseEmbeddingInput(model.config.network, g)),
        shape: [2],
      },
    });
    await session.release();
    expect(output!.shape).toEqual(shape);
    output!.data.forEach((value, i) => {
      if (Math.abs(value - expected[i]!) > 2e-5) expect(value, `value ${i}`).toBe(expected[i]);
    });
  });

  it("says in itself what it takes, and what conditioning means", () => {
    const model = theirModel();
    const { bytes, inputs, outputs } = exportOnnx(model);
    const read = readModel(bytes);
    expect(read.inputs).toEqual({
      source: [1, 3, 16, 16],
      noisy: [1, 3, 16, 16],
      conditioning: [1],
    });
    expect(read.outputs).toEqual({ output: [1, 3, 16, 16] });
    expect(new Set(read.nodes.map(({ domain }) => domain))).toEqual(new Set([""]));

    const proto = fromBinary(ModelProtoSchema, bytes);
    const documented = [...proto.graph!.input, ...proto.graph!.output];
    for (const { name, shape, meaning } of [...inputs, ...outputs]) {
      expect(documented.find((value) => value.name === name)!.docString).toBe(meaning);
      expect(proto.docString).toContain(`${name} [${shape.join(", ")}]: ${meaning}`);
    }
    const metadata = Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value]));
    expect(metadata.conditioning).toBe("gamma itself, the noise level: 0 is noise, 1 clean");
    expect(parseModelConfig(metadata["palette-diffusion.config"]!, "x")).toEqual(model.config);
  });

  it("is refused where one file cannot hold it", () => {
    const { network } = presetNamed("paper-256");
    const { config } = theirModel();
    // Never touched, so no memory is taken.
    const model = { config: { ...config, network }, parameters: new Float32Array(552_814_083) };
    expect(() => exportOnnx(model)).toThrow(/more than 2 GB.*--safetensors/);
  });

  it("tells the level of log-SNR by its formula, which is ours", () => {
    const { inputs } = exportOnnx(randomModel());
    const { meaning } = inputs.find(({ name }) => name === "conditioning")!;
    expect(meaning).toMatch(/^25 \(max\(-15, min\(15, ln\(gamma \/ \(1 - gamma\)\)\)\) \+ 15\)/);
    const byFormula = 25 * (Math.max(-15, Math.min(15, Math.log(0.3 / 0.7))) + 15);
    expect(noiseEmbeddingInput({ embedding: "log-snr" }, 0.3)).toBeCloseTo(byFormula, 10);
  });

  it("tells what the output of x0-skip means by a formula, which is ours", () => {
    const { outputs } = exportOnnx(randomModel({ objective: { prediction: "x0-skip" } }));
    const documented =
      /^f: with a = (\d+) \(1 - gamma\) \/ \(gamma \+ (\d+) \(1 - gamma\)\), y = \(1 - a\) y_t \/ sqrt\(gamma\) \+ a f$/;
    const [, above, below] = documented.exec(outputs[0]!.meaning)!.map(Number);
    const [f, noisy] = [noise(8, "f"), noise(8, "y_t")];
    for (const gamma of [0.01, 0.5, 0.99, 0.999]) {
      const a = (above! * (1 - gamma)) / (gamma + below! * (1 - gamma));
      const clean = estimateClean("x0-skip", f, noisy, gamma);
      clean.forEach((value, i) => {
        const told = ((1 - a) * noisy[i]!) / Math.sqrt(gamma) + a * f[i]!;
        expect(value).toBeCloseTo(told, 5);
      });
    }
  });

  it("of a regression baseline says at which level it is called", () => {
    const { inputs } = exportOnnx(
      randomModel({ objective: { regression: true, prediction: "x0" } }),
    );
    expect(inputs.at(-1)!.meaning).toMatch(/regression baseline always that of gamma = 0$/);
  });
});

describe("exported weights", () => {
  it("have PyTorch's names and shapes where it has the network", () => {
    const model = theirModel();
    const { bytes, names, notes } = exportSafetensors(model);
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect([names, notes]).toEqual(["pytorch", []]);
    expect(tensors.size).toBe(parameterSpecs(model.config.network).length);
    expect([...tensors.keys()].every((name) => name.startsWith("denoise_fn."))).toBe(true);
    expect(tensors.get("denoise_fn.middle_block.1.qkv.weight")!.shape).toEqual([192, 64, 1]);
    expect(tensors.get("denoise_fn.output_blocks.0.0.skip_connection.weight")!.shape).toEqual([
      64, 128, 1, 1,
    ]);
    expect(parseModelConfig(metadata["palette-diffusion.config"]!, "x")).toEqual(model.config);
  });

  it("have our own where it has none, and the reason is said", () => {
    const { bytes, names, notes } = exportSafetensors(randomModel());
    expect(names).toBe("own");
    expect(notes).toEqual([
      "it has a space-to-depth stem of 2",
      "it has the inputs joined to the last convolution",
      "it has a log-SNR embedding of the noise level",
    ]);
    expect(decodeSafetensors(bytes).tensors.has("down.0.block.0.conv1.weight")).toBe(true);
  });

  it("come with a warning when its sampler would misread them", () => {
    expect(exportSafetensors(theirModel({}, { objective: { prediction: "v" } })).notes).toEqual([
      "it predicts v, but the re-implementation's sampler expects epsilon",
    ]);
  });

  it("come with the arguments of its UNet", () => {
    expect(
      theirArguments(theirModel({ multipliers: [1, 2, 4], attention: [16, 4] }).config.network),
    ).toEqual({
      in_channel: 6,
      out_channel: 3,
      inner_channel: 32,
      channel_mults: [1, 2, 4],
      attn_res: [1, 4],
      num_head_channels: 32,
      res_blocks: 1,
      dropout: 0,
      image_size: 16,
    });
    expect(theirArguments(theirModel({ resampling: "convolution" }).config.network)).toMatchObject({
      resblock_updown: false,
    });
  });
});
