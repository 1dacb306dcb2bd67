/**
 * The known feature networks, as data. Sizes, digests, tensor names and licenses of the public ones
 * are from the ONNX model zoo's list (ONNX_HUB_MANIFEST.json) and READMEs. The addresses name one
 * commit, so they always give the same bytes.
 */
import { checkManifest, type NetworkManifest, type NetworkManifestInput } from "./manifest.ts";

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

const manifests: readonly NetworkManifestInput[] = [
  {
    name: "googlenet",
    title: "BVLC GoogLeNet (Inception-v1)",
    file: "googlenet.onnx",
    input: { name: "image", channels: "BGR", mean: [104, 117, 123], scale: 1, ...square },
    outputs: { features: "features", probabilities: { name: "probabilities" } },
    labels,
    license: "BVLC: unrestricted use",
    source: "Caffe's bvlc_googlenet, converted to ONNX",
  },
  {
    name: "googlenet-12",
    title: "BVLC GoogLeNet (Inception-v1), ONNX model zoo",
    file: "googlenet-12.onnx",
    sha256: "c99c507058eaf41de8723408fdda7db8325cb57f0a89f2ee07a716d6e963e14e",
    bytes: 28_021_836,
    url: zooFile("inception_and_googlenet/googlenet/model/googlenet-12.onnx"),
    input: {
      name: "data_0",
      channels: "BGR",
      mean: [103.939, 116.779, 123.68],
      scale: 1,
      ...square,
    },
    outputs: { features: "pool5/7x7_s1_2", probabilities: { name: "prob_1" } },
    labels,
    license: "BSD-3-Clause",
    source: "https://github.com/onnx/models",
  },
  {
    name: "mobilenet_v2",
    title: "MobileNetV2 1.0 224",
    file: "mobilenet_v2.onnx",
    input: {
      name: "image",
      channels: "RGB",
      mean: [127.5, 127.5, 127.5],
      scale: 1 / 127.5,
      ...square,
    },
    outputs: { features: "features", probabilities: { name: "probabilities" } },
    background: 1,
    labels,
    license: "Apache-2.0",
    source: "TensorFlow's mobilenet_v2_1.0_224, converted to ONNX",
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
      channels: "RGB",
      mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
      scale: [1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)],
      ...square,
    },
    // No list of the zoo names the tensor of its features.
    outputs: { probabilities: { name: "output", softmax: true } },
    labels,
    license: "Apache-2.0",
    source: "https://github.com/onnx/models",
  },
];

export const knownNetworks: readonly NetworkManifest[] = manifests.map((manifest) =>
  checkManifest(manifest, manifest.name),
);

/** The networks that `palette features get` can download. */
export const downloadableNames: readonly string[] = knownNetworks
  .filter((manifest) => manifest.url !== undefined)
  .map(({ name }) => name);
