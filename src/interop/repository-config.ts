/**
 * The configuration of the public re-implementation: JSON with comments. Only what says how the
 * network is built and sampled is read.
 */
import stripJsonComments from "strip-json-comments";
import { z } from "zod";
import { readToEnd } from "../node/regular-file.ts";
import type { TaskName } from "../tasks/registry.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { problemIn } from "../util/schema-problem.ts";
import type { Architecture } from "./architecture.ts";

const count = z.int().min(1);

const schedule = z.object({
  schedule: z.string(),
  n_timestep: count,
  linear_start: z.number().optional(),
  linear_end: z.number().optional(),
  cosine_s: z.number().optional(),
});

/** The arguments of its UNet; what is left out has the value of its constructor. */
const unet = z.object({
  in_channel: count.optional(),
  out_channel: count.optional(),
  inner_channel: count.optional(),
  channel_mults: z.array(z.number().positive()).default([1, 2, 4, 8]),
  attn_res: z.union([z.number().transform((one) => [one]), z.array(z.number())]).optional(),
  res_blocks: count.optional(),
  num_heads: count.default(1),
  num_head_channels: z.int().default(-1),
  num_heads_upsample: z.int().default(-1),
  conv_resample: z.boolean().default(true),
  resblock_updown: z.boolean().default(true),
  use_scale_shift_norm: z.boolean().default(true),
  use_new_attention_order: z.boolean().default(false),
  image_size: z.union([count, z.array(count)]).optional(),
});

const networkArguments = z.object({
  module_name: z.string().default("sr3"),
  unet: z.unknown(),
  beta_schedule: z.object({ train: schedule.optional(), test: schedule.optional() }).optional(),
});

const imageSize = z.object({
  which_dataset: z.object({ args: z.object({ image_size: z.union([count, z.array(count)]) }) }),
});

const repositoryConfig = z.object({
  model: z.object({
    which_networks: z.array(z.object({ args: z.unknown() })).min(1),
    which_model: z.object({ args: z.object({ task: z.string() }) }).optional(),
  }),
  datasets: z.object({ train: z.unknown(), test: z.unknown() }).partial().optional(),
});

type UNetArguments = z.infer<typeof unet>;

/** What their configuration says of a model. */
export interface RepositoryConfig {
  readonly source: string;
  readonly unet: UNetArguments;
  readonly schedules: { readonly train?: TheirSchedule; readonly test?: TheirSchedule };
  readonly task: TaskName | undefined;
  /** Side of the pictures it is trained on, if it says so; of the data before the network's. */
  readonly resolution: number | undefined;
}

/** A noise schedule as the configuration describes it. */
export type TheirSchedule = z.infer<typeof schedule>;

const taskNames: Record<string, TaskName> = {
  inpainting: "inpaint",
  uncropping: "uncrop",
  colorization: "colorize",
};

/**
 * Reads a configuration.
 * @throws PaletteError when there is none, it is no JSON, or it is of another network than the
 * guided_diffusion U-Net
 */
export async function readRepositoryConfig(path: string): Promise<RepositoryConfig> {
  let text: string;
  try {
    text = String(await readToEnd(path));
  } catch (thrown) {
    throw new PaletteError(`--config: ${path} cannot be read (${reasonOf(thrown)}).`, {
      cause: thrown,
    });
  }
  return parseRepositoryConfig(text, path);
}

/** @param source what to call the file in an error message */
export function parseRepositoryConfig(text: string, source: string): RepositoryConfig {
  let value: unknown;
  try {
    value = JSON.parse(stripJsonComments(text, { trailingCommas: true }));
  } catch (thrown) {
    throw new PaletteError(`${source} is not JSON with comments (${reasonOf(thrown)}).`);
  }
  const whole = fitting(repositoryConfig, value, source);
  const given = whole.model.which_networks.find(
    ({ args }) => z.object({ unet: z.looseObject({}) }).safeParse(args).success,
  );
  if (given === undefined) {
    throw new PaletteError(
      `${source} describes no U-Net (model.which_networks[].args.unet): give the config the network was trained with.`,
    );
  }
  const args = fitting(networkArguments, given.args, source);
  if (args.module_name !== "guided_diffusion") {
    throw new PaletteError(
      `${source} describes the ${args.module_name} U-Net (module_name): only guided_diffusion networks are read.`,
    );
  }
  const parsed = fitting(unet, args.unet, source);
  const sizes = [whole.datasets?.train, whole.datasets?.test].flatMap((data) => {
    const read = imageSize.safeParse(data);
    return read.success ? [read.data.which_dataset.args.image_size] : [];
  });
  return {
    source,
    unet: parsed,
    schedules: args.beta_schedule ?? {},
    task: taskNames[whole.model.which_model?.args.task ?? ""],
    resolution: sideOf(sizes[0] ?? parsed.image_size, source),
  };
}

function fitting<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PaletteError(
    `${source} is no configuration of the PyTorch Palette (${problemIn(schema, value, parsed.error)}).`,
  );
}

function sideOf(size: number | number[] | undefined, source: string): number | undefined {
  if (typeof size !== "object") return size;
  const [height, width = height] = size;
  if (height === width) return height;
  throw new PaletteError(
    `${source} has pictures of ${size.join(" x ")} pixels: say a square's side with --resolution.`,
  );
}

/**
 * Compares what the configuration says with what the weights are.
 * @throws PaletteError naming the first contradiction
 */
export function checkAgainst({ unet: said, source }: RepositoryConfig, found: Architecture): void {
  const factors = found.attentionLevels.map((level) => 2 ** level);
  const reachable = found.multipliers.map((_, level) => 2 ** level);
  const pairs: [string, unknown, unknown][] = [
    ["in_channel", said.in_channel, 2 * found.channels],
    ["out_channel", said.out_channel, found.channels],
    ["inner_channel", said.inner_channel, found.base],
    ["channel_mults", said.channel_mults, found.multipliers],
    ["res_blocks", said.res_blocks, found.blocks],
    ["attn_res", said.attn_res && reachable.filter((one) => said.attn_res!.includes(one)), factors],
    ["resblock_updown", said.resblock_updown, found.resampling === "block"],
  ];
  for (const [name, theirs, ours] of pairs) {
    if (theirs === undefined || String(theirs) === String(ours)) continue;
    throw new PaletteError(
      `${source} contradicts the weights: its ${name} is ${shown(theirs)}, theirs ${shown(ours)}; give the config they were trained with, or none.`,
    );
  }
}

function shown(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}

/**
 * Channels of an attention head.
 * @throws PaletteError when its layers have heads of different sizes
 */
export function headChannelsOf(
  { unet: said, source }: RepositoryConfig,
  found: Architecture,
): number {
  if (said.num_head_channels > 0) return said.num_head_channels;
  const widthOf = (level: number) => found.base * found.multipliers[level]!;
  const bottom = found.multipliers.length - 1;
  const ups = said.num_heads_upsample > 0 ? said.num_heads_upsample : said.num_heads;
  const sizes = new Set([
    widthOf(bottom) / said.num_heads,
    ...found.attentionLevels.flatMap((level) => [
      widthOf(level) / said.num_heads,
      widthOf(level) / ups,
    ]),
  ]);
  const [size] = sizes;
  if (sizes.size === 1 && Number.isInteger(size)) return size!;
  throw new PaletteError(
    `${source}: ${said.num_heads} heads (num_heads) have ${[...sizes].join(" and ")} channels in different layers; only heads of one size (num_head_channels) are supported.`,
  );
}
