/** Finds the weights of the public re-implementation's U-Net in whatever was saved around them. */
import { PaletteError } from "../util/errors.ts";
import { StoredTensor } from "./pytorch/tensors.ts";

/** A tensor by its shape; its numbers are read when they are needed. */
export interface NamedTensor {
  readonly shape: readonly number[];
  read(): Promise<Float32Array>;
}

export interface FoundNetwork {
  /** The U-Net's tensors by name, without what stands in front of all of them. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** The other tensors, the schedule's numbers among them, without `module.` and the like. */
  readonly others: ReadonlyMap<string, NamedTensor>;
}

/**
 * Where training programs keep the state dict among other things; the first that is there is taken.
 */
const wrappers = [
  "state_dict",
  "model_state_dict",
  "ema_state_dict",
  "model",
  "network",
  "net",
  "netG",
  "params_ema",
  "params",
  "ema",
  "module",
];

/**
 * The tensors of what `torch.save` wrote: a state dict, or one within a dictionary.
 * @throws PaletteError when it is a training state, or nothing with tensors
 */
export function stateDictOf(value: unknown, source: string): Map<string, StoredTensor> {
  const own = tensorsIn(value);
  if (own.size > 0) return own;
  if (value instanceof Map) {
    for (const wrapper of wrappers) {
      const inner = tensorsIn(value.get(wrapper));
      if (inner.size > 0) return inner;
    }
    if (["optimizers", "optimizer", "schedulers", "scheduler"].some((key) => value.has(key))) {
      throw trainingState(value, source);
    }
    throw new PaletteError(
      `${source} holds no weights (its entries are ${listed([...value.keys()].map(String))}): save network.state_dict().`,
    );
  }
  const what = value instanceof StoredTensor ? "a single tensor" : "no dictionary";
  throw new PaletteError(`${source} holds ${what}, not a state dict: save network.state_dict().`);
}

/** The `N.state` beside each `N_Network.pth`. */
function trainingState(value: Map<unknown, unknown>, source: string): PaletteError {
  const epoch = value.get("epoch");
  const file = `${Number.isInteger(epoch) ? epoch : "N"}_Network.pth`;
  return new PaletteError(
    `${source} is a training state (optimizer and epoch ${epoch ?? "unknown"}) without the network's weights: import ${file} beside it.`,
  );
}

function tensorsIn(value: unknown): Map<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  if (!(value instanceof Map)) return found;
  for (const [name, entry] of value) {
    if (typeof name === "string" && entry instanceof StoredTensor) found.set(name, entry);
  }
  return found;
}

/**
 * The U-Net among named tensors, by its first convolution and the embedding beside it. Anything may
 * stand in front (`denoise_fn.`, `module.` of DataParallel, `_orig_mod.` of torch.compile).
 * @throws PaletteError saying whose network it is, if it is another one.
 */
export function findNetwork(
  tensors: ReadonlyMap<string, NamedTensor>,
  source: string,
): FoundNetwork {
  const mark = "input_blocks.0.0.weight";
  const prefixes = [...tensors.keys()]
    .filter((name) => name === mark || name.endsWith(`.${mark}`))
    .map((name) => name.slice(0, -mark.length))
    .filter((prefix) => tensors.has(`${prefix}cond_embed.0.weight`));
  const [prefix, another] = prefixes;
  if (prefix === undefined) throw anotherNetwork([...tensors.keys()], source);
  if (another !== undefined) {
    throw new PaletteError(
      `${source} holds several networks (${prefixes.join(" and ")}): save the state dict of one of them.`,
    );
  }
  const outer = /^(?:module\.|_orig_mod\.)*/.exec(prefix)![0];
  const found = { tensors: new Map<string, NamedTensor>(), others: new Map<string, NamedTensor>() };
  for (const [name, tensor] of tensors) {
    if (name.startsWith(prefix)) found.tensors.set(name.slice(prefix.length), tensor);
    else found.others.set(name.startsWith(outer) ? name.slice(outer.length) : name, tensor);
  }
  // Without denoise_fn. in front the schedule stands among the weights.
  for (const [name, tensor] of found.tensors) {
    if (name.includes(".")) continue;
    found.tensors.delete(name);
    found.others.set(name, tensor);
  }
  return found;
}

function anotherNetwork(names: readonly string[], source: string): PaletteError {
  const some = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const because = (what: string) => new PaletteError(`${source} ${what}`);
  if (some(/(^|\.)noise_level_mlp\./) || some(/(^|\.)downs\.\d+\.res_block\./)) {
    return because(
      'is a checkpoint of the sr3 U-Net (module_name "sr3", or the SR3 project), another architecture: only guided_diffusion networks are read.',
    );
  }
  if (some(/(^|\.)(down|up)\.\d+\.block\.\d+\.conv1\.weight$/) && some(/^embed\.0\.weight$/)) {
    return because("holds a model of this package: use its folder with --model as it is.");
  }
  if (some(/(^|\.)first_stage_model\.|model\.diffusion_model\./)) {
    return because("is a latent diffusion model (Stable Diffusion): only Palette's are read.");
  }
  if (some(/(^|\.)time_embed\.0\.weight$/)) {
    return because(
      "is a network of OpenAI's guided-diffusion, which sees no source picture: only Palette's are read.",
    );
  }
  if (some(/(^|\.)down_blocks\.\d+\./)) {
    return because("is a U-Net of diffusers: only those of the PyTorch Palette are read.");
  }
  return because(
    `holds the network of another project (its tensors are called ${listed(names)}): those of the PyTorch Palette are called denoise_fn.input_blocks.0.0.weight and so on.`,
  );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown}, ...` : shown || "none";
}
