/** A feature network of a few nodes with known answers, so that tests need no downloaded one. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NetworkManifestInput } from "../../src/evaluation/features/manifest.ts";
import { MessageWriter } from "../../src/graph/protobuf.ts";

const message = () => new MessageWriter();

function node(type: string, input: string, output: string, attribute?: MessageWriter) {
  const made = message().string(1, input).string(2, output).string(4, type);
  return attribute ? made.message(5, attribute) : made;
}

function value(name: string, shape: readonly number[]) {
  const dimensions = message();
  for (const length of shape) dimensions.message(1, message().integer(1, length));
  const tensor = message().integer(1, 1).message(2, dimensions);
  return message().string(1, name).message(2, message().message(1, tensor));
}

/**
 * "image" [1, 3, 8, 8], batch fixed at 1 -> "pool" [1, 3, 1, 1], the mean of each channel, inside
 * the graph -> "scores" [1, 3], an output -> "probabilities" [1, 3], their softmax, an output.
 */
export function tinyOnnx(): Uint8Array {
  const axes = message().string(1, "axes").integers(8, [2, 3]).integer(20, 7);
  const graph = message()
    .message(1, node("ReduceMean", "image", "pool", axes))
    .message(1, node("Flatten", "pool", "scores"))
    .message(1, node("Softmax", "scores", "probabilities"))
    .string(2, "tiny")
    .message(11, value("image", [1, 3, 8, 8]))
    .message(12, value("scores", [1, 3]))
    .message(12, value("probabilities", [1, 3]));
  return message()
    .integer(1, 8)
    .message(7, graph)
    .message(8, message().string(1, "").integer(2, 13))
    .finish();
}

export const tinyLabels = "n00000001 red\nn00000002 green\nn00000003 blue\n";

/** Scores are the channels' means as 0 to 1, red first; features come from inside the graph. */
export const tinyManifest: NetworkManifestInput = {
  name: "tiny",
  title: "Tiny",
  file: "tiny.onnx",
  input: {
    name: "image",
    size: 8,
    channels: "RGB",
    mean: [0, 0, 0],
    scale: 1 / 255,
    resize: { shortSide: 8, crop: "centre" },
  },
  outputs: { features: "pool", probabilities: { name: "probabilities" } },
  classes: 3,
  labels: { file: "tiny.txt" },
};

/**
 * Writes the network, its manifest and its list of classes into a folder, and gives the manifest.
 */
export async function writeTinyNetwork(
  folder: string,
  changes: Partial<NetworkManifestInput> = {},
): Promise<NetworkManifestInput> {
  const manifest = { ...tinyManifest, ...changes };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, manifest.file), tinyOnnx());
  await writeFile(join(folder, `${manifest.name}.json`), JSON.stringify(manifest));
  await writeFile(join(folder, "tiny.txt"), tinyLabels);
  return manifest;
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");
