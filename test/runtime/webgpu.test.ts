import { describe, expect, it } from "vitest";
import { createImage, createMask } from "../../src/image/image.ts";
import { configFromPreset } from "../../src/models/config.ts";
import { presetNamed } from "../../src/models/presets.ts";
import { uNetConfig } from "../../src/nn/config.ts";
import { trainingGraph } from "../../src/nn/graphs.ts";
import type { NetworkConfig } from "../../src/nn/network.ts";
import { initialParameters, parameterCount } from "../../src/nn/parameters.ts";
import { parameterSpecs } from "../../src/nn/registry.ts";
import { Palette } from "../../src/pipeline/palette.ts";
import { createNetwork } from "../../src/runtime/network.ts";
import { nodeRuntime } from "../../src/runtime/node/index.ts";
import { spawnReplica } from "../../src/runtime/node/replica.ts";
import { openResidentSession } from "../../src/runtime/node/session.ts";
import type { Device } from "../../src/runtime/runtime.ts";
import { emptyState, stepStrategy } from "../../src/training/step/strategy.ts";
import { feedsFor } from "../../src/training/step/types.ts";
import { largest, largestDifference, numbers } from "../support/differentiation.ts";
import { gpuThere } from "../support/gpu.ts";
import { smallestUNet } from "../support/smallest-unet.ts";
import { trainingBatch } from "../support/training-batch.ts";

// In software a step takes seconds: the whole curve is for CI.
const steps = process.env.CI ? 10 : 2;

/** All layers of tiny-32, on a quarter of its pixels and with a quarter of its channels. */
const tiny = uNetConfig.parse({
  ...presetNamed("tiny-32").network,
  ...{ resolution: 16, base: 8, attention: [4], headChannels: 8, groups: 8 },
});

/** Weights none of which is zero. */
function weightsOf(network: NetworkConfig): Float32Array {
  const specs = parameterSpecs(network);
  const noise = numbers([parameterCount(specs)], [-0.03, 0.03], "weights");
  return initialParameters(specs, 1).map((value, i) => value + noise[i]!);
}

describe.skipIf(!gpuThere)("in Node, on a GPU", { timeout: 900_000 }, () => {
  it("a U-Net has the processor's output, and samples as it does", async () => {
    const model = {
      config: { ...configFromPreset(presetNamed("tiny-32"), { tasks: [] }), network: tiny },
    };
    const image = [2, 3, 16, 16] as const;
    const call = {
      source: numbers(image, [-1, 1], "source"),
      noisy: numbers(image, [-1, 1], "noisy"),
      gamma: [0.1, 0.9],
      shape: image,
    };
    const photo = createImage(16, 16);
    photo.data.set(numbers([3, 16, 16], [-1, 1], "photo"));
    const mask = createMask(16, 16, 0);
    for (let y = 2; y < 14; y++) mask.data.fill(1, 16 * y + 3, 16 * y + 15);
    const found = [];
    for (const device of ["cpu", "webgpu"] as const) {
      const network = await createNetwork(
        nodeRuntime,
        { ...model, parameters: weightsOf(tiny) },
        { device, threads: 1 },
      );
      const output = await network.predict(call);
      const palette = new Palette(network, { onWarning: () => {} });
      // Two at a time, as in the call before: another batch would be compiled anew.
      const samples = await palette.inpaint(photo, { mask, steps: 4, samples: 2, seed: 1 });
      await palette.dispose();
      found.push({ output, samples: samples.map(({ data }) => data) });
    }
    const [cpu, gpu] = found;
    expect(largestDifference(gpu!.output, cpu!.output)).toBeLessThan(1e-4 * largest(cpu!.output));
    for (const [k, sample] of cpu!.samples.entries()) {
      expect(largestDifference(gpu!.samples[k]!, sample)).toBeLessThan(1e-4 * largest(sample));
      expect(largestDifference(sample, photo.data)).toBeGreaterThan(0.1);
    }
  });

  it(`a U-Net makes ${steps} training steps as the processor does`, async () => {
    const run = async (device: Device) => {
      const strategy = stepStrategy(tiny, device);
      const state = emptyState(tiny, strategy);
      state.parameters.set(weightsOf(tiny));
      state.ema.set(state.parameters);
      const options = { network: tiny, batch: 1, loss: "l1", threads: 1, device, state } as const;
      const stepper = await strategy.createStepper(options, spawnReplica);
      const hyper = { learningRate: 5e-4, emaDecay: 0.9, clip: Number.POSITIVE_INFINITY };
      const losses: number[] = [];
      let gradient = new Float32Array();
      for (let k = 0; k < steps; k++) {
        const step = await stepper.step([trainingBatch(1, 16, `batch ${k}`)], hyper);
        losses.push(step.losses[0]!);
        if (k > 0) continue;
        await stepper.fetch?.();
        // After the first step Adam's first moment is a tenth of the gradient.
        gradient = Float32Array.from(stepper.state.m, (value) => 10 * value);
      }
      await stepper.fetch?.();
      await stepper.dispose();
      return { losses, gradient, ema: stepper.state.ema };
    };
    const expected = await run("cpu");
    const found = await run("webgpu");
    expect(largestDifference(found.gradient, expected.gradient)).toBeLessThan(
      1e-4 * largest(expected.gradient),
    );
    found.losses.forEach((loss, k) => {
      expect(Math.abs(loss / expected.losses[k]! - 1)).toBeLessThan(1e-3);
    });
    expect(largestDifference(found.ema, expected.ema)).toBeLessThan(5e-4 * steps);
  });

  // With six channels the convolution of onnxruntime 1.30 is wrong on WebGPU, and sines are coarse.
  it("a network without a stem has the processor's gradient, for every noise level", async () => {
    const network = smallestUNet;
    const specs = parameterSpecs(network);
    const parameters = { data: weightsOf(network), shape: [parameterCount(specs)] };
    const feeds = feedsFor(network, trainingBatch(2, 8, "batch"), 0, 2);
    const gradientOn = async (device: Device) => {
      const lowering = nodeRuntime.lowering(device);
      const graph = trainingGraph(network, specs, { batch: 2, loss: "l2", lowering });
      const session = await openResidentSession(graph, { device }, []);
      const { outputs } = await session.run({ parameters, ...feeds });
      await session.release();
      return outputs.gradient!.data;
    };
    const [expected, found] = [await gradientOn("cpu"), await gradientOn("webgpu")];
    expect(largestDifference(found, expected)).toBeLessThan(1e-4 * largest(expected));
  });
});
