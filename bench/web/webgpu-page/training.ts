/** A training of a small network on made-up photos, as the site trains: by runs of the browser. */
import { uNetConfig } from "../../../src/nn/config.ts";
import type { WebDevice } from "../../../src/runtime/web/choose-device.ts";
import { browserRuns, planTraining, train } from "../../../src/web/training/index.ts";

const network = uNetConfig.parse({
  ...{ resolution: 16, stem: 2, outputSkip: "laplacian", base: 16, multipliers: [1, 2] },
  ...{ blocks: 1, attention: [4], headChannels: 16, groups: 8 },
});

export interface TrainedHere {
  /** Of each image, in order. */
  readonly losses: number[];
  /** The averaged weights as they were saved. */
  readonly weights: number[];
}

/**
 * Trains until so many images were seen; the run goes on where an earlier call of its name ended,
 * from the checkpoint.
 */
export async function training(
  device: WebDevice,
  name: string,
  images: number,
): Promise<TrainedHere> {
  const losses: number[] = [];
  const plan = await planTraining({
    ...{ preset: "tiny-32", network, tasks: ["colorize", "inpaint"], threads: 1, seed: 3 },
    optimizer: { batch: 2, learningRate: 1e-3, warmUpImages: 0 },
    data: await photos(),
    out: name,
  });
  await train(plan, {
    ...{ out: name, images, device, lastValidation: false },
    reporter: { line() {}, progress: (update) => losses.push(...update.losses) },
  });
  const files = await browserRuns.model(name);
  const bytes = (await files?.weights.arrayBuffer()) ?? new ArrayBuffer(8);
  const begin = 8 + Number(new DataView(bytes).getBigUint64(0, true));
  return { losses, weights: Array.from(new Float32Array(bytes.slice(begin))) };
}

function photos(): Promise<File[]> {
  return Promise.all(
    Array.from({ length: 8 }, async (_, k) => {
      const canvas = new OffscreenCanvas(24, 24);
      const context = canvas.getContext("2d");
      for (let x = 0; x < 24; x++) {
        if (context) context.fillStyle = `hsl(${45 * k + 6 * x} 60% ${30 + 2 * x}%)`;
        context?.fillRect(x, 0, 1, 24);
      }
      return new File([await canvas.convertToBlob()], `photo-${k}.png`);
    }),
  );
}
