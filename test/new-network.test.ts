import { describe, expect, it } from "vitest";
import { z } from "zod";
import { add, mul, reshape } from "../src/graph/index.ts";
import { createImage } from "../src/image/image.ts";
import { exportSafetensors } from "../src/interop/export-network.ts";
import { describeNetwork } from "../src/models/summary.ts";
import { inferenceGraph, trainingGraph } from "../src/nn/graphs.ts";
import type { NetworkDefinition } from "../src/nn/network.ts";
import { networkSchema, parameterSpecs, registerNetwork } from "../src/nn/registry.ts";
import { loadModel } from "../src/node/model-folder.ts";
import { Palette } from "../src/node/palette.ts";
import { planTraining, train } from "../src/node/training.ts";
import { readModel } from "./support/onnx-reader.ts";
import { temporaryFiles } from "./support/temporary-files.ts";
import { writePhotos } from "./training-photos.ts";

const configSchema = z.object({
  type: z.literal("gain"),
  resolution: z.number(),
  channels: z.number(),
  /** A setting that no other network has. */
  start: z.enum(["zeros", "ones"]),
});

/** y_t times a gain of each channel, plus x. */
const gain: NetworkDefinition<z.infer<typeof configSchema>> = {
  configSchema,
  build({ channels, start }, parameters, { source, noisy }) {
    const gains = parameters.get("gain", [channels], start);
    return add(mul(noisy, reshape(gains, [1, channels, 1, 1])), source);
  },
  sideMultiple: () => 4,
};
registerNetwork("gain", gain);

const given = { type: "gain", resolution: 16, channels: 3, start: "ones" };
const { at } = temporaryFiles(".png");

describe("a new network in one object, which is no U-Net", () => {
  it("is parsed by its own schema, described and built", () => {
    const config = networkSchema.parse(given);
    expect(config).toEqual(given);
    const wrong = networkSchema.safeParse({ ...given, start: "twos" });
    expect(wrong.error?.issues[0]?.path).toEqual(["start"]);
    const { layers, memory } = describeNetwork(config);
    expect(layers).toEqual([{ name: "gain", channels: 3, side: undefined, parameters: 3 }]);
    expect(memory.weights).toBe(12);
    const specs = parameterSpecs(config);
    const sampling = readModel(inferenceGraph(config, specs, Float32Array.of(1, 2, 3), 2).model);
    expect(sampling.outputs).toEqual({ output: [2, 3, 16, 16] });
    const training = readModel(trainingGraph(config, specs, { batch: 2, loss: "l2" }));
    expect(Object.keys(training.outputs)).toEqual(["losses", "gradient"]);
  });

  it("is trained, kept in a folder, sampled and exported", async () => {
    const data = [await writePhotos(at("photos"), 9)];
    const network = networkSchema.parse(given);
    const request = { data, network, preset: "tiny-32", tasks: ["colorize"], threads: 2 };
    const optimizer = { batch: 2, learningRate: 0.1, warmUpImages: 1 };
    const plan = await planTraining({ ...request, optimizer });
    expect(plan.config.preset).toBe("custom");
    const { model, steps } = await train(plan, { out: at("run"), images: 4 });
    expect(steps).toBe(2);
    const trained = await loadModel(model);
    expect(trained.config.network).toEqual(given);
    expect(trained.parameters).toHaveLength(3);
    expect([...trained.parameters].every((value) => value !== 1 && Number.isFinite(value))).toBe(
      true,
    );

    const palette = await Palette.load(model, { threads: 1 });
    try {
      // Tiles of 16 pixels, and a side that is no multiple of the network's.
      const [picture] = await palette.colorize(createImage(18, 24, 0.5), { steps: 2 });
      expect([picture!.width, picture!.height]).toEqual([18, 24]);
      expect(picture!.data.every(Number.isFinite)).toBe(true);
    } finally {
      await palette.dispose();
    }
    expect(exportSafetensors(trained)).toMatchObject({
      names: "own",
      notes: ['it is a "gain" and no U-Net'],
    });
  });
});
