/**
 * What the public PyTorch re-implementation (Janspiry/Palette-Image-to-Image-Diffusion-Models,
 * guided_diffusion U-Net) calls our parameters. Its blocks are numbered through all levels. On the
 * way down a level takes `blocks` numbers and one for its down-sampling. On the way up it takes
 * `blocks + 1`.
 */
import { sideOf, type UNetConfig } from "../nn/config.ts";
import type { ParameterSpec } from "../nn/parameters.ts";

/** In front of all names of the U-Net in its state dict. */
export const networkPrefix = "denoise_fn.";

const blockParts: Record<string, string> = {
  norm1: "in_layers.0",
  conv1: "in_layers.2",
  embed: "emb_layers.1",
  norm2: "out_layers.0",
  conv2: "out_layers.3",
  skip: "skip_connection",
};

const attentionParts: Record<string, string> = { norm: "norm", qkv: "qkv", out: "proj_out" };

type NamedConfig = Pick<
  UNetConfig,
  "resolution" | "stem" | "multipliers" | "blocks" | "attention" | "resampling"
>;

/** The re-implementation's name of one of our parameters, without the prefix. */
export function theirName(name: string, config: NamedConfig): string {
  const parts = name.split(".");
  const kind = parts.pop();
  return `${theirPlace(parts, config)}.${kind}`;
}

/** `down.0.block.1.conv1` to `input_blocks.2.0.in_layers.2`. */
function theirPlace(parts: readonly string[], config: NamedConfig): string {
  const [room, ...rest] = parts;
  switch (room) {
    case "embed":
      return `cond_embed.${rest[0] === "0" ? 0 : 2}`;
    case "in":
      return "input_blocks.0.0";
    case "out":
      return rest[0] === "norm" ? "out.0" : "out.2";
    case "middle":
      return rest[0] === "attention"
        ? `middle_block.1.${attentionParts[rest[1]!]}`
        : `middle_block.${rest[1] === "0" ? 0 : 2}.${blockParts[rest[2]!]}`;
    case "down":
      return withinLevel(rest, "down", config);
    case "up":
      return withinLevel(rest, "up", config);
    default:
      throw new Error(`"${parts.join(".")}" is no part of a U-Net`);
  }
}

function withinLevel(
  [levelText, what, ...rest]: readonly string[],
  way: "down" | "up",
  config: NamedConfig,
): string {
  const level = Number(levelText);
  const { blocks, multipliers } = config;
  const down = way === "down";
  const first = (down ? level : multipliers.length - 1 - level) * (blocks + 1) + (down ? 1 : 0);
  const place = (index: number) => `${down ? "input_blocks" : "output_blocks"}.${first + index}`;
  if (what === "resample") {
    // Going up, it stands behind the last block of the level and its attention.
    const attends = config.attention.includes(sideOf(config, level));
    const position = down ? 0 : attends ? 2 : 1;
    const part = rest.length > 0 ? blockParts[rest[0]!] : down ? "op" : "conv";
    return `${place(blocks)}.${position}.${part}`;
  }
  const [index, part] = rest;
  return what === "attention"
    ? `${place(Number(index))}.1.${attentionParts[part!]}`
    : `${place(Number(index))}.0.${blockParts[part!]}`;
}

/** The shape that a parameter has there: attention's 1x1 convolutions are one-dimensional. */
export function theirShape({
  name,
  shape,
}: Pick<ParameterSpec, "name" | "shape">): readonly number[] {
  return /(^|\.)attention(\.\d+)?\.(qkv|out)\.weight$/.test(name) ? shape.slice(0, 3) : shape;
}
