/**
 * What has to be known of a network to use it: which tensor goes in, how a picture becomes that
 * tensor, which tensors come out. A manifest is a JSON file beside the network (`NAME.json`); those of
 * the networks known here are in `known.ts`.
 */
import { z } from "zod";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type { View } from "./preprocess.ts";

/** A file name, not a path: a manifest must not point out of its folder. */
const fileName = z
  .string()
  .regex(/^[^/\\:*?"<>|]+$/, "must be the name of a file in the same folder")
  .refine((name) => !/^\.+$/.test(name), "must be the name of a file in the same folder");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits");
const address = z.url({ protocol: /^https?$/ });
const threeNumbers = z.tuple([z.number(), z.number(), z.number()]);
const tensorName = z.string().min(1);

export const networkManifest = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dot, - and _"),
  title: z.string().min(1),
  /** The ONNX file. */
  file: fileName.regex(/\.onnx$/, "must end in .onnx"),
  /** Of the ONNX file; when it is given, another file is refused. */
  sha256: sha256.optional(),
  bytes: z.int().min(1).optional(),
  /** Where the ONNX file can be downloaded; only together with its `sha256`. */
  url: address.optional(),
  input: z.strictObject({
    name: tensorName,
    /** Side of the square picture that goes in, in pixels. */
    size: z.int().min(1).max(4096),
    channels: z.enum(["RGB", "BGR"]),
    /** In the order of `channels`: value = (pixel - mean) * scale, pixel from 0 to 255. */
    mean: threeNumbers,
    scale: z.union([z.number(), threeNumbers]),
    /**
     * How it was trained, and what a classifier is shown: the short side is brought to so many pixels,
     * and the middle cut out. For features the whole picture is squeezed into the square.
     */
    resize: z.strictObject({
      shortSide: z.int().min(1).max(4096),
      crop: z.literal("centre"),
    }),
  }),
  outputs: z
    .strictObject({
      /** The tensor of features; one inside the graph will do. */
      features: tensorName.optional(),
      probabilities: z
        .strictObject({
          name: tensorName,
          /** The tensor holds scores, which a softmax turns into probabilities. */
          softmax: z.boolean().default(false),
        })
        .optional(),
    })
    .refine(
      (outputs) => outputs.features ?? outputs.probabilities,
      "must name one output at least",
    ),
  /** How many classes, without the background. */
  classes: z.int().min(1).default(1000),
  /** Leading classes that are none of the data set's: 1 when class 0 is "background". */
  background: z.union([z.literal(0), z.literal(1)]).default(0),
  /** The list of classes: line k, from 0, is "wnid words" of class k after the background. */
  labels: z
    .strictObject({ file: fileName, url: address.optional(), sha256: sha256.optional() })
    .optional(),
  license: z.string().min(1).optional(),
  /** Where the network comes from, in words or as an address. */
  source: z.string().min(1).optional(),
});

export type NetworkManifest = z.infer<typeof networkManifest>;

/** The manifest as it is written in TypeScript or JSON: defaults may be left out. */
export type NetworkManifestInput = z.input<typeof networkManifest>;

/**
 * Reads a manifest's text; `path` is named in the complaint.
 * @throws PaletteError naming the first field that is wrong.
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

/** As `parseManifest`, from a value. */
export function checkManifest(value: unknown, path: string): NetworkManifest {
  const parsed = networkManifest.safeParse(value);
  if (parsed.success) {
    const { input } = parsed.data;
    if (input.resize.shortSide < input.size) {
      throw new PaletteError(
        `${path}: input.resize.shortSide is ${input.resize.shortSide}, less than the ${input.size} pixels that are cut out; correct the manifest.`,
      );
    }
    return parsed.data;
  }
  const issue = parsed.error.issues[0]!;
  const field = issue.path.join(".") || "the manifest";
  throw new PaletteError(`${path}: ${field}: ${issue.message}; correct the manifest.`);
}

/** What a network can measure: FID, KID and PD need features, CA probabilities, and IS both. */
export function usesOf({ outputs }: NetworkManifest): ("features" | "classifier")[] {
  return [
    ...(outputs.features === undefined ? [] : (["features"] as const)),
    ...(outputs.probabilities === undefined ? [] : (["classifier"] as const)),
  ];
}

/** The way of a picture into the network, in words for a report. */
export function inputOf(
  { input: { size, resize, channels } }: NetworkManifest,
  view: View,
): string {
  const shown =
    view === "whole"
      ? "the whole picture squeezed into it (Lanczos3)"
      : `short side ${resize.shortSide} (Lanczos3), centre crop`;
  return `${size}x${size} ${channels}, ${shown}`;
}
