/**
 * The manifest of a feature network: its input tensor, its preprocessing, its output tensors.
 * `registry.ts` holds those of known networks; a network of one's own has `NAME.json` beside it.
 */
import { z } from "zod";
import { PaletteError, reasonOf } from "../../util/errors.ts";

/**
 * The part of a picture that a network is shown. "whole": all of it, squeezed into the input square as
 * in pytorch-fid, for features: a crop would miss the borders. "middle": the centre crop of the
 * network's training, for its accuracy.
 */
export type View = "whole" | "middle";

/** A file name, not a path: a manifest must not point out of its folder. */
const fileName = z
  .string()
  .regex(/^(?!\.+$)[^/\\:*?"<>|]+$/, "must be the name of a file in the same folder");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits");
const address = z.url({ protocol: /^https?$/ });
const threeNumbers = z.tuple([z.number(), z.number(), z.number()]);
const tensorName = z.string().min(1);

const schema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dot, - and _"),
  title: z.string().min(1),
  /** The ONNX file. */
  file: fileName.regex(/\.onnx$/, "must end in .onnx"),
  /** Digest of the ONNX file; another file is refused. */
  sha256: sha256.optional(),
  bytes: z.int().min(1).optional(),
  /** Public address of the ONNX file; a download needs `sha256` too. */
  url: address.optional(),
  input: z.strictObject({
    name: tensorName,
    /** Side of the square input in pixels. */
    size: z.int().min(1).max(4096),
    channels: z.enum(["RGB", "BGR"]),
    /** In the order of `channels`: value = (pixel - mean) * scale, pixel from 0 to 255. */
    mean: threeNumbers,
    scale: z.union([z.number(), threeNumbers]),
    /** The preprocessing of training: resize the short side, then crop the centre (view "middle"). */
    resize: z.strictObject({ shortSide: z.int().min(1).max(4096), crop: z.literal("centre") }),
  }),
  outputs: z
    .strictObject({
      /** Any tensor of the graph, also an inner one. */
      features: tensorName.optional(),
      /** With `softmax`, the tensor holds scores that still need a softmax. */
      probabilities: z
        .strictObject({ name: tensorName, softmax: z.boolean().default(false) })
        .optional(),
    })
    .refine(
      (outputs) => outputs.features ?? outputs.probabilities,
      "must name one output at least",
    ),
  /** Number of classes without the background. */
  classes: z.int().min(1).default(1000),
  /** 1 when class 0 is "background", which is left out. */
  background: z.union([z.literal(0), z.literal(1)]).default(0),
  /** The list of classes: line k, from 0, is "wnid words" of class k after the background. */
  labels: z
    .strictObject({ file: fileName, url: address.optional(), sha256: sha256.optional() })
    .optional(),
  license: z.string().min(1).optional(),
  /** Origin of the network, in words or as an address. */
  source: z.string().min(1).optional(),
});

export type NetworkManifest = z.infer<typeof schema>;
/** The manifest as written in TypeScript or JSON: defaults may be left out. */
export type NetworkManifestInput = z.input<typeof schema>;

/**
 * Reads a manifest's text; `path` is named in the message.
 * @throws PaletteError naming the first wrong field.
 */
export function parseManifest(text: string, path: string): NetworkManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new PaletteError(`${path} is not JSON (${reasonOf(thrown)}); correct or delete it.`);
  }
  return checkManifest(value, path);
}

/** `parseManifest` of a parsed value. */
export function checkManifest(value: unknown, path: string): NetworkManifest {
  const { data, error } = schema.safeParse(value);
  if (error) {
    const issue = error.issues[0]!;
    const field = issue.path.join(".") || "the manifest";
    throw new PaletteError(`${path}: ${field}: ${issue.message}; correct the manifest.`);
  }
  const { size, resize } = data.input;
  if (resize.shortSide < size) {
    throw new PaletteError(
      `${path}: input.resize.shortSide is ${resize.shortSide}, less than the ${size} pixels that are cut out; correct the manifest.`,
    );
  }
  return data;
}

/** What a network can serve: FID, KID and PD need features, CA probabilities, IS both. */
export function usesOf({ outputs }: NetworkManifest): ("features" | "classifier")[] {
  return [
    ...(outputs.features === undefined ? [] : (["features"] as const)),
    ...(outputs.probabilities === undefined ? [] : (["classifier"] as const)),
  ];
}

/** The preprocessing in words, for a report. */
export function inputInWords(
  { input: { size, resize, channels } }: NetworkManifest,
  view: View,
): string {
  const shown =
    view === "whole"
      ? "the whole picture squeezed into it (Lanczos3)"
      : `short side ${resize.shortSide} (Lanczos3), centre crop`;
  return `${size}x${size} ${channels}, ${shown}`;
}
