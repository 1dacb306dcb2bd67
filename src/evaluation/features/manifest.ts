/**
 * Feature networks by their manifests: input tensor, preprocessing, output tensors. Those of the
 * known networks stand here; a network of one's own has `NAME.json` beside its file.
 */
import { z } from "zod";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { problemIn } from "../../util/schema-problem.ts";

/** The part of a picture that a network is shown: see `preprocess`. */
export type View = "whole" | "middle";

const text = z.string().min(1);
/** A file name, not a path: a manifest must not point out of its folder. */
const fileName = z.string().regex(/^\w[\w. -]*$/, "must be the name of a file in the same folder");
const fetched = {
  file: fileName,
  /** Of the file; another one is refused. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits")
    .optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
};
const side = z.int().min(1).max(4096);
const threeNumbers = z.tuple([z.number(), z.number(), z.number()]);

const schema = z.strictObject({
  name: fileName,
  title: text,
  /** The ONNX file and its size. */
  ...fetched,
  bytes: z.int().optional(),
  input: z
    .strictObject({
      name: text,
      /** Side of the square input in pixels. */
      size: side,
      channels: z.enum(["RGB", "BGR"]),
      /** In the order of `channels`: value = (pixel - mean) * scale, pixel from 0 to 255. */
      mean: threeNumbers,
      scale: z.union([z.number(), threeNumbers]),
      /** The preprocessing of training: resize the short side, then crop the centre ("middle"). */
      resize: z.strictObject({ shortSide: side, crop: z.literal("centre") }),
    })
    .refine(({ size, resize }) => resize.shortSide >= size, "shortSide must not be below size"),
  outputs: z
    .strictObject({
      /** Any tensor of the graph, also an inner one. */
      features: text.optional(),
      /** With `softmax`, the tensor holds scores that still need a softmax. */
      probabilities: z.strictObject({ name: text, softmax: z.boolean().default(false) }).optional(),
    })
    .refine(({ features, probabilities }) => features ?? probabilities, "must name one output"),
  /** Number of classes without the background. */
  classes: z.int().min(1).default(1000),
  /** 1 when class 0 is "background", which is left out. */
  background: z.literal([0, 1]).default(0),
  /** The list of classes: line k, from 0, is "wnid words" of class k after the background. */
  labels: z.strictObject(fetched).optional(),
  license: text.optional(),
});

export type NetworkManifest = z.infer<typeof schema>;
/** The manifest as written in TypeScript or JSON: defaults may be left out. */
export type NetworkManifestInput = z.input<typeof schema>;

/**
 * Reads a manifest's text; `path` is named in the message.
 * @throws PaletteError naming the first wrong field.
 */
export function parseManifest(json: string, path: string): NetworkManifest {
  try {
    const value: unknown = JSON.parse(json);
    const { data, error } = schema.safeParse(value);
    if (data) return data;
    throw new Error(problemIn(schema, value, error));
  } catch (thrown) {
    throw new PaletteError(`${path}: ${reasonOf(thrown)}; correct the manifest or delete it.`);
  }
}

/** Whether a network can serve: FID, KID and PD need features, CA a classifier, IS both. */
export function serves({ outputs }: NetworkManifest, use: "features" | "classifier"): boolean {
  return outputs[use === "features" ? use : "probabilities"] !== undefined;
}

const zoo = "onnx/models/4f43949841cb55a0b98dc8fcd045431ccafd9f96/validated/vision/classification";
/** This host serves the zoo's large files, which lie in Git LFS. */
const zooFile = (path: string) => `https://media.githubusercontent.com/media/${zoo}/${path}`;
/** The zoo's synset.txt: the 1000 classes of ImageNet-1k in Caffe's order. */
const labels = {
  file: "synset_words.txt",
  url: `https://raw.githubusercontent.com/${zoo}/synset.txt`,
  sha256: "acf75ef0abe89694b19056e0796401068b459c457baa30335f240c7692857355",
};
const square = { size: 224, resize: { shortSide: 256, crop: "centre" } } as const;
const bgr = { channels: "BGR", scale: 1, ...square } as const;
const rgb = { channels: "RGB", ...square } as const;

const known: readonly NetworkManifestInput[] = [
  {
    name: "googlenet",
    title: "BVLC GoogLeNet (Inception-v1)",
    file: "googlenet.onnx",
    input: { name: "image", mean: [104, 117, 123], ...bgr },
    outputs: { features: "features", probabilities: { name: "probabilities" } },
    license: "BVLC: unrestricted use",
  },
  {
    name: "googlenet-12",
    title: "BVLC GoogLeNet (Inception-v1), ONNX model zoo",
    file: "googlenet-12.onnx",
    sha256: "c99c507058eaf41de8723408fdda7db8325cb57f0a89f2ee07a716d6e963e14e",
    bytes: 28_021_836,
    url: zooFile("inception_and_googlenet/googlenet/model/googlenet-12.onnx"),
    input: { name: "data_0", mean: [103.939, 116.779, 123.68], ...bgr },
    outputs: { features: "pool5/7x7_s1_2", probabilities: { name: "prob_1" } },
    license: "BSD-3-Clause",
  },
  {
    name: "mobilenet_v2",
    title: "MobileNetV2 1.0 224",
    file: "mobilenet_v2.onnx",
    input: { name: "image", mean: [127.5, 127.5, 127.5], scale: 1 / 127.5, ...rgb },
    outputs: { features: "features", probabilities: { name: "probabilities" } },
    background: 1,
    license: "Apache-2.0",
  },
  {
    name: "mobilenetv2-12",
    title: "MobileNetV2 1.0, ONNX model zoo",
    file: "mobilenetv2-12.onnx",
    sha256: "c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5",
    bytes: 13_964_571,
    url: zooFile("mobilenet/model/mobilenetv2-12.onnx"),
    input: {
      name: "input",
      mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
      scale: [1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)],
      ...rgb,
    },
    // No list of the zoo names the tensor of its features.
    outputs: { probabilities: { name: "output", softmax: true } },
    license: "Apache-2.0",
  },
];

/**
 * GoogLeNet and MobileNetV2, each converted here and from the ONNX model zoo. The zoo's sizes,
 * digests, tensor names and licenses are from its list (ONNX_HUB_MANIFEST.json) and READMEs; the
 * addresses name one commit, so they always give the same bytes.
 */
export const knownNetworks: readonly NetworkManifest[] = known.map((manifest) =>
  schema.parse({ labels, ...manifest }),
);

/** The networks that `palette features get` can download. */
export const downloadableNames: readonly string[] = knownNetworks
  .filter(({ url }) => url !== undefined)
  .map(({ name }) => name);
