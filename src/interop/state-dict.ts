/** The tensors of a checkpoint by name, in whatever they were saved, and whose network they are. */
import { PaletteError } from "../util/errors.ts";
import { StoredTensor } from "./pytorch/tensors.ts";

/** A tensor by its shape; its numbers are read when they are needed. */
export interface NamedTensor {
  readonly shape: readonly number[];
  read(): Promise<Float32Array>;
}

/** What training programs save beside weights, and holds tensors as well. */
const besides = /^(opt|optim.*|.*optimizers?.*|.*schedulers?.*|.*scaler.*)$/i;

/** Dictionaries within dictionaries deeper than that are no state dict. */
const deepest = 4;

/**
 * The tensors of what `torch.save` wrote: a state dict, or several within dictionaries, whose keys
 * stand in front of their names: `ema.denoise_fn. ...`.
 * @throws PaletteError when it is a training state, or nothing with tensors
 */
export function stateDictOf(value: unknown, source: string): Map<string, StoredTensor> {
  const found = tensorsIn(value);
  if (found.size > 0) return found;
  if (value instanceof Map) {
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

function tensorsIn(value: unknown, prefix = "", depth = 0): Map<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  if (!(value instanceof Map) || depth > deepest) return found;
  for (const [key, entry] of value) {
    if (typeof key !== "string") continue;
    const name = `${prefix}${key}`;
    if (entry instanceof StoredTensor) found.set(name, entry);
    else if (entry instanceof Map && !besides.test(key)) {
      for (const [inner, tensor] of tensorsIn(entry, `${name}.`, depth + 1)) {
        found.set(inner, tensor);
      }
    }
  }
  return found;
}

/** Says whose network it is that these tensors belong to. */
export function anotherNetwork(names: readonly string[], source: string): PaletteError {
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
