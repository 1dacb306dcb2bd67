/**
 * Networks of the PyTorch Palette for tests: the committed fixture, and random ones of any shape.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { exportSafetensors, theirArguments } from "../../src/interop/export-network.ts";
import { configFromPreset, type ModelConfig } from "../../src/models/config.ts";
import type { Model } from "../../src/models/model.ts";
import { presetNamed } from "../../src/models/presets.ts";
import { decodeSafetensors, type Tensor } from "../../src/models/safetensors.ts";
import { type UNetConfig, uNetConfig } from "../../src/nn/config.ts";
import { parameterCount } from "../../src/nn/parameters.ts";
import { parameterSpecs } from "../../src/nn/registry.ts";
import { Random } from "../../src/util/random.ts";

const folder = new URL("../fixtures/pytorch-palette/", import.meta.url);
/** The configuration of the committed checkpoint. */
export const tinyConfig = fileURLToPath(new URL("tiny.jsonc", folder));

/** The committed checkpoint, as torch.save wrote it. */
export async function tinyCheckpoint(): Promise<Uint8Array> {
  return gunzipSync(await readFile(new URL("tiny_Network.pth.gz", folder)));
}

/** Its inputs and output of two pictures of 16x16, at gamma 0.7 and 0.02. */
export async function tinyCall() {
  const [source, noisy, eps] = await Promise.all(
    ["source", "noisy", "eps"].map(async (name) => {
      const bytes = await readFile(new URL(`${name}.f32`, folder));
      return new Float32Array(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      );
    }),
  );
  return {
    source: source!,
    noisy: noisy!,
    eps: eps!,
    gamma: [0.7, 0.02],
    shape: [2, 3, 16, 16] as const,
  };
}

/** A model that the PyTorch Palette could have, of random weights. */
export function theirModel(
  network: Partial<UNetConfig> = {},
  details: Omit<Partial<ModelConfig>, "network"> = {},
): Model<UNetConfig> {
  const config: ModelConfig<UNetConfig> = {
    ...configFromPreset(presetNamed("pytorch-256"), { name: "random", tasks: ["inpaint"] }),
    network: uNetConfig.parse({
      resolution: 16,
      base: 32,
      multipliers: [1, 2],
      blocks: 1,
      attention: [8],
      headChannels: 32,
      embedding: "gamma",
      ...network,
    }),
    ...details,
  };
  const parameters = new Float32Array(parameterCount(parameterSpecs(config.network)));
  const random = Random.from("their model");
  for (let i = 0; i < parameters.length; i++) parameters[i] = random.between(-0.06, 0.06);
  return { config, parameters };
}

/** The model's state dict under their names, `denoise_fn.` in front. */
export function stateDict(model: Model): Map<string, Tensor> {
  return decodeSafetensors(exportSafetensors(model).bytes).tensors;
}

/** A configuration of the repository for a network, with changes to its `unet` and beside it. */
export function repositoryConfig(
  network: UNetConfig,
  changes: object = {},
  more: object = {},
): string {
  const unet = { ...theirArguments(network), dropout: 0.2, ...changes };
  const args = { module_name: "guided_diffusion", unet, ...more };
  const config = { model: { which_networks: [{ args }] } };
  return `// ours\n${JSON.stringify(config)}`;
}
