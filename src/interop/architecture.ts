/**
 * Which network the weights of the public re-implementation belong to, from their names and shapes
 * alone. Variants of any width, depth and attention are recognised.
 */
import { PaletteError } from "../util/errors.ts";

/** What names and shapes tell. Not in them: the resolution and the channels of a head. */
export interface Architecture {
  /** Channels of one image. */
  readonly channels: number;
  readonly base: number;
  readonly multipliers: readonly number[];
  readonly blocks: number;
  /** Levels with attention, 0 being the full resolution. The middle always has it. */
  readonly attentionLevels: readonly number[];
  readonly resampling: "block" | "convolution";
}

/** Shapes by name, without the prefix of the network. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * @param source what to call the file in an error message
 * @throws PaletteError naming what the network has and this package's has not.
 */
export function architectureOf(shapes: Shapes, source: string): Architecture {
  const refused = (reason: string) =>
    new PaletteError(`${source} holds a variant of the network that is not supported: ${reason}.`);
  const shapeOf = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    if (shape !== undefined) return shape;
    throw new PaletteError(
      `${source} is not complete: the tensor ${name} is missing; save the whole state dict.`,
    );
  };

  const base = shapeOf("cond_embed.0.weight")[1]!;
  const incoming = shapeOf("input_blocks.0.0.weight")[1]!;
  const channels = shapeOf("out.2.weight")[0]!;
  if (incoming !== 2 * channels) {
    throw refused(
      `it takes ${incoming} channels and gives ${channels}, where source and noisy picture have ${channels} each (in_channel = 2 x out_channel)`,
    );
  }

  const inputs = count(shapes, "input_blocks");
  const outputs = count(shapes, "output_blocks");
  if (inputs === undefined || outputs === undefined) {
    throw refused(
      "it changes resolution without weights (resblock_updown and conv_resample are false)",
    );
  }
  const { blocks, levels } = arrangement(shapes, outputs);
  if (levels * (blocks + 1) !== outputs || inputs !== outputs) {
    throw refused(
      `its ${inputs} input and ${outputs} output blocks do not make levels of equal depth`,
    );
  }
  const convolutions = [...shapes.keys()].filter((name) =>
    /^input_blocks\.\d+\.0\.op\./.test(name),
  );
  const multipliers = Array.from({ length: levels }, (_, level) => {
    const block = `input_blocks.${1 + level * (blocks + 1)}.0`;
    const width = shapeOf(`${block}.out_layers.3.weight`)[0]!;
    if (width % base !== 0) {
      throw refused(
        `level ${level} has ${width} channels, no whole multiple of ${base} (inner_channel)`,
      );
    }
    if (shapeOf(`${block}.emb_layers.1.weight`)[0] === width) {
      throw refused("its blocks only add the noise level (use_scale_shift_norm is false)");
    }
    return width / base;
  });

  const attends = (place: string) => shapes.has(`${place}.1.qkv.weight`);
  if (!attends("middle_block")) throw refused("its middle has no attention");
  const attentionLevels = multipliers.flatMap((_, level) => {
    const down = 1 + level * (blocks + 1);
    const up = (levels - 1 - level) * (blocks + 1);
    const places = [
      ...Array.from({ length: blocks }, (_unused, i) => `input_blocks.${down + i}`),
      ...Array.from({ length: blocks + 1 }, (_unused, i) => `output_blocks.${up + i}`),
    ];
    const some = places.filter(attends).length;
    if (some !== 0 && some !== places.length) {
      throw refused(`only some blocks of level ${level} have attention`);
    }
    return some === 0 ? [] : [level];
  });
  const resampling = convolutions.length > 0 ? "convolution" : "block";
  return { channels, base, multipliers, blocks, attentionLevels, resampling };
}

/** How many numbers follow on `list.`, or undefined when one of them is left out. */
function count(shapes: Shapes, list: string): number | undefined {
  const numbers = new Set<number>();
  for (const name of shapes.keys()) {
    const [first, number] = name.split(".");
    if (first === list) numbers.add(Number(number));
  }
  const known = Array.from({ length: numbers.size }, (_, i) => numbers.has(i));
  return known.every(Boolean) ? numbers.size : undefined;
}

/** Going up, whatever changes the resolution stands in the last block of a level. */
function arrangement(shapes: Shapes, outputs: number): { blocks: number; levels: number } {
  const changing = [...shapes.keys()].flatMap((name) => {
    const match = /^output_blocks\.(\d+)\.[1-9]\.(?:conv|in_layers\.0)\.weight$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  const blocks = changing.length === 0 ? outputs - 1 : Math.min(...changing);
  return { blocks, levels: outputs / (blocks + 1) };
}
