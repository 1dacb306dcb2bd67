/** Models for others: as an ONNX file of one network call, and as tensors under PyTorch's names. */
import { skipSnr } from "../diffusion/parameterization.ts";
import type { ModelNotes } from "../graph/index.ts";
import type { ModelConfig } from "../models/config.ts";
import type { Model } from "../models/model.ts";
import { encodeSafetensors, type Tensor } from "../models/safetensors.ts";
import { isUNet } from "../nn/config.ts";
import { inferenceGraph } from "../nn/graphs.ts";
import type { NetworkConfig } from "../nn/network.ts";
import { readParameter } from "../nn/parameters.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { PaletteError } from "../util/errors.ts";
import { configKey } from "./open.ts";
import { networkPrefix, theirName, theirShape } from "./state-dict-keys.ts";

/** An ONNX file in memory, and its inputs and outputs in words. */
export interface ExportedOnnx {
  readonly bytes: Uint8Array;
  readonly inputs: readonly ValueNote[];
  readonly outputs: readonly ValueNote[];
}

/** An input or output of the exported graph: its name, its shape and its meaning. */
export interface ValueNote {
  readonly name: string;
  readonly shape: readonly number[];
  readonly meaning: string;
}

/** One protobuf message, which a model file is, cannot be longer. */
const largestModel = 2 ** 31 - 1;

/**
 * One call of the network as an ONNX model (float32, opset 17, standard operators). Inputs:
 * `source` and `noisy` [N, C, H, W], `conditioning` [N]. Output: `output` [N, C, H, W]. H and W are
 * the model's resolution. The file explains its values and carries the configuration in its
 * metadata.
 * @param options.batch N, a whole number >= 1; default 1
 * @throws PaletteError when the weights are more than one ONNX file holds.
 */
export function exportOnnx(
  { config, parameters }: Model,
  options: { readonly batch?: number } = {},
): ExportedOnnx {
  const { batch = 1 } = options;
  const tooLarge = () =>
    new PaletteError(
      `${config.name} would be more than 2 GB, which one ONNX file cannot hold: export it with --safetensors.`,
    );
  if (parameters.byteLength > largestModel) throw tooLarge();
  const { network } = config;
  const image = [batch, network.channels, network.resolution, network.resolution];
  const inputs: ValueNote[] = [
    { name: "source", shape: image, meaning: sourceMeaning(config) },
    { name: "noisy", shape: image, meaning: noisyMeaning(config) },
    { name: "conditioning", shape: [batch], meaning: conditioningMeaning(config) },
  ];
  const outputs: ValueNote[] = [{ name: "output", shape: image, meaning: outputMeaning(config) }];
  const values = [...inputs, ...outputs];
  const notes: ModelNotes = {
    documentation: [
      `${config.name}: one network call of a Palette image-to-image diffusion model.`,
      ...values.map(({ name, shape, meaning }) => `${name} [${shape.join(", ")}]: ${meaning}.`),
      `Inference schedule: ${JSON.stringify(config.inferenceSchedule)}.`,
    ].join("\n"),
    values: Object.fromEntries(values.map(({ name, meaning }) => [name, meaning])),
    metadata: {
      [configKey]: JSON.stringify(config),
      ...Object.fromEntries(values.map(({ name, meaning }) => [name, meaning])),
    },
  };
  const specs = parameterSpecs(network);
  const { model: bytes } = inferenceGraph(network, specs, parameters, batch, { notes });
  // Convolutions in transformed form are twice as large.
  if (bytes.length > largestModel) throw tooLarge();
  return { bytes, inputs, outputs };
}

function sourceMeaning({ network }: ModelConfig): string {
  const colors = network.channels === 3 ? "RGB, " : "";
  return `the condition x (${colors}rows from the top, in [-1, 1]; in a hole N(0, 1) noise)`;
}

function noisyMeaning({ objective: { regression } }: ModelConfig): string {
  return regression
    ? "zeros (a regression baseline sees no noise)"
    : "y_t = sqrt(gamma) y + sqrt(1 - gamma) epsilon, of the same form; known pixels clean";
}

function conditioningMeaning({ network: { embedding }, objective }: ModelConfig): string {
  const meaning =
    embedding === "gamma"
      ? "gamma itself, the noise level: 0 is noise, 1 clean"
      : "25 (max(-15, min(15, ln(gamma / (1 - gamma)))) + 15) of the noise level gamma: 0 is noise, 750 clean";
  return objective.regression
    ? `${meaning}; of this regression baseline always that of gamma = 0`
    : meaning;
}

function outputMeaning({ objective: { prediction } }: ModelConfig): string {
  switch (prediction) {
    case "epsilon":
      return "epsilon, the noise: y = (y_t - sqrt(1 - gamma) epsilon) / sqrt(gamma)";
    case "v":
      return "v: y = sqrt(gamma) y_t - sqrt(1 - gamma) v";
    case "x0":
      return "y, the clean picture";
    case "x0-skip":
      return `f: with a = ${skipSnr} (1 - gamma) / (gamma + ${skipSnr} (1 - gamma)), y = (1 - a) y_t / sqrt(gamma) + a f`;
  }
}

/** Tensors in a safetensors file, and whose names they have. */
export interface ExportedWeights {
  readonly bytes: Uint8Array;
  /** "pytorch": the re-implementation's, which can load the file; "own": as in a model's folder. */
  readonly names: "pytorch" | "own";
  /** Why the names are our own, or what the re-implementation would do otherwise; a clause each. */
  readonly notes: readonly string[];
}

/**
 * The weights in float32 as a safetensors file. Names and shapes are those of the public
 * re-implementation (`denoise_fn. ...`) where it has the network, otherwise ours. The metadata
 * carry the configuration, so `importNetwork` gives back the same model to the bit.
 */
export function exportSafetensors({ config, parameters }: Model): ExportedWeights {
  const { network } = config;
  const unlike = differences(network);
  const specs = parameterSpecs(network);
  const tensors = specs.map((spec): [string, Tensor] => {
    const data = readParameter(parameters, spec);
    return unlike.length > 0 || !isUNet(network)
      ? [spec.name, { shape: spec.shape, data }]
      : [`${networkPrefix}${theirName(spec.name, network)}`, { shape: theirShape(spec), data }];
  });
  const metadata = { format: "pt", [configKey]: JSON.stringify(config) };
  const notes =
    unlike.length > 0
      ? unlike
      : config.objective.prediction === "epsilon"
        ? []
        : [
            `it predicts ${config.objective.prediction}, but the re-implementation's sampler expects epsilon`,
          ];
  return {
    bytes: encodeSafetensors(tensors, { metadata }),
    names: unlike.length > 0 ? "own" : "pytorch",
    notes,
  };
}

/** What of a network the re-implementation's has not; empty where it can be put there. */
function differences(network: NetworkConfig): string[] {
  if (!isUNet(network)) return [`it is a "${network.type}" and no U-Net`];
  const facts: [boolean, string][] = [
    [network.stem !== 1, `a space-to-depth stem of ${network.stem}`],
    [network.outputSkip !== "none", "the inputs joined to the last convolution"],
    [network.context !== "global-attention", `${network.context} in place of global attention`],
    [network.groups !== 32, `${network.groups} groups in its normalisations`],
    [network.embedding !== "gamma", "a log-SNR embedding of the noise level"],
  ];
  return facts.flatMap(([differs, what]) => (differs ? [`it has ${what}`] : []));
}

/**
 * The arguments of the re-implementation's UNet for a network, as its JSON configuration has them.
 * @throws PaletteError for a network that is no U-Net.
 */
export function theirArguments(network: NetworkConfig): Record<string, unknown> {
  if (!isUNet(network)) throw new PaletteError(`A "${network.type}" has no UNet's arguments.`);
  return {
    in_channel: 2 * network.channels,
    out_channel: network.channels,
    inner_channel: network.base,
    channel_mults: network.multipliers,
    attn_res: network.attention.map((side) => network.resolution / side).sort((a, b) => a - b),
    num_head_channels: network.headChannels,
    res_blocks: network.blocks,
    dropout: 0,
    image_size: network.resolution,
    ...(network.resampling === "convolution" && { resblock_updown: false }),
  };
}
