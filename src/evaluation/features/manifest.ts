/**
 * The manifest of a feature network: its input tensor, its preprocessing, its output tensors.
 * `registry.ts` holds those of known networks; a network of one's own has `NAME.json` beside it.
 */
import { z } from "zod";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { problemIn } from "../../util/schema-problem.ts";

/**
 * The part of a picture that a network is shown. "whole": all of it, squeezed into the input square
 * as in pytorch-fid, for features: a crop would miss the borders. "middle": the centre crop of the
 * network's training, for its accuracy.
 */
export type View = "whole" | "middle";

/** A file name, not a path: a manifest must not point out of its folder. */
const fileName = z
  .string()
  .regex(/^(?!\.+$)[^/\\:*?"<>|]+$/, "must be the name of a file in the same folder");
const digest = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits");
const url = z.url({ protocol: /^https?$/ }).optional();
const side = z.int().min(1).max(4096);
const threeNumbers = z.tuple([z.number(), z.number(), z.number()]);
const text = z.string().min(1);

const schema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dot, - and _"),
  title: text,
  /** The ONNX file. */
  file: fileName.regex(/\.onnx$/, "must end in .onnx"),
  /** Of the ONNX file; another file is refused. */
  sha256: digest.optional(),
  bytes: z.int().min(1).optional(),
  /** Public address of the ONNX file; a download needs `sha256` too. */
  url,
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
    .refine(
      (outputs) => outputs.features ?? outputs.probabilities,
      "must name one output at least",
    ),
  /** Number of classes without the background. */
  classes: z.int().min(1).default(1000),
  /** 1 when class 0 is "background", which is left out. */
  background: z.literal([0, 1]).default(0),
  /** The list of classes: line k, from 0, is "wnid words" of class k after the background. */
  labels: z.strictObject({ file: fileName, url, sha256: digest.optional() }).optional(),
  license: text.optional(),
  /** Origin of the network, in words or as an address. */
  source: text.optional(),
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
    return checkManifest(JSON.parse(json), path);
  } catch (thrown) {
    if (thrown instanceof PaletteError) throw thrown;
    throw new PaletteError(`${path} is not JSON (${reasonOf(thrown)}); correct or delete it.`);
  }
}

/** `parseManifest` of a parsed value. */
export function checkManifest(value: unknown, path: string): NetworkManifest {
  const { data, error } = schema.safeParse(value);
  if (data) return data;
  throw new PaletteError(`${path}: ${problemIn(schema, value, error)}; correct the manifest.`);
}

/** What a network can serve: FID, KID and PD need features, CA probabilities, IS both. */
export function usesOf({ outputs }: NetworkManifest): ("features" | "classifier")[] {
  return [
    ...(outputs.features === undefined ? [] : (["features"] as const)),
    ...(outputs.probabilities === undefined ? [] : (["classifier"] as const)),
  ];
}

/** The preprocessing in words, for a report. */
export function inputInWords({ input }: NetworkManifest, view: View): string {
  const shown =
    view === "whole"
      ? "the whole picture squeezed into it (Lanczos3)"
      : `short side ${input.resize.shortSide} (Lanczos3), centre crop`;
  return `${input.size}x${input.size} ${input.channels}, ${shown}`;
}
