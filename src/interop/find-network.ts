/**
 * Finds the U-Net of the public re-implementation among named tensors. A checkpoint may hold its
 * weights twice: as they were trained, and averaged over the training (EMA), which sample better.
 */
import { PaletteError } from "../util/errors.ts";
import { anotherNetwork, type NamedTensor } from "./state-dict.ts";

/** Which weights of a checkpoint: as they were trained, or averaged. */
export const weightKinds = ["raw", "ema"] as const;
export type WeightKind = (typeof weightKinds)[number];

export interface FoundNetwork {
  /** The U-Net's tensors by name, without what stands in front of all of them. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** The other tensors, the schedule's numbers among them, without `module.` and the like. */
  readonly others: ReadonlyMap<string, NamedTensor>;
  /** Which weights were taken, where there are both. */
  readonly notes: readonly string[];
}

/** The first convolution, by which the network is known with the embedding beside it. */
const mark = "input_blocks.0.0.weight";
const beside = "cond_embed.0.weight";

/** A network among the tensors. */
interface Candidate {
  /** What stands in front of its names. */
  readonly prefix: string;
  readonly kind: WeightKind;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

/**
 * The U-Net among named tensors. Anything may stand in front (`denoise_fn.`, `module.` of
 * DataParallel, `_orig_mod.` of torch.compile, `ema.`).
 * @param wanted the averaged weights where there are any, unless given
 * @throws PaletteError saying whose network it is, if it is another one, and when there are no such
 * weights or several.
 */
export function findNetwork(
  tensors: ReadonlyMap<string, NamedTensor>,
  source: string,
  wanted?: WeightKind,
): FoundNetwork {
  const prefixes = [...tensors.keys()]
    .filter((name) => name === mark || name.endsWith(`.${mark}`))
    .map((name) => name.slice(0, -mark.length))
    .filter((prefix) => tensors.has(`${prefix}${beside}`));
  const plain = prefixes.map((prefix): Candidate => {
    const inner = prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
    const own = [...tensors].filter(([name]) => !inner.some((other) => name.startsWith(other)));
    return { prefix, kind: kindOf(prefix), tensors: below(prefix, own) };
  });
  const all = [...plain, ...withoutDots(tensors, plain)];
  if (all.length === 0) throw anotherNetwork([...tensors.keys()], source);
  const kinds = { raw: trained(all), ema: all.filter(({ kind }) => kind === "ema") };
  const kind = wanted ?? (kinds.ema.length > 0 ? "ema" : "raw");
  const [chosen, another] = kinds[kind];
  if (chosen === undefined) {
    const what = kind === "ema" ? "no averaged weights" : "averaged weights only";
    throw new PaletteError(`${source} holds ${what} (${placesOf(all)}): leave out --weights.`);
  }
  if (another !== undefined) {
    throw new PaletteError(
      `${source} holds several networks (${placesOf(kinds[kind])}): save the state dict of one of them.`,
    );
  }
  const weights = [...chosen.tensors].filter(([name]) => name.includes("."));
  return {
    tensors: new Map(weights),
    others: othersOf(tensors, all, chosen),
    notes: noteOn(kind, chosen, kinds[kind === "ema" ? "raw" : "ema"]),
  };
}

/** By the names that programs give to averages: `ema`, `model_ema`, `params_ema`, `shadow`. */
function kindOf(prefix: string): WeightKind {
  const parts = prefix.split(".");
  // Of lucidrains' EMA both stand side by side: `ema.ema_model.` and `ema.online_model.`.
  if (parts.some(isOnline)) return "raw";
  return parts.some((part) => /(^|_)(ema|shadow|averaged?)(_|$)/i.test(part)) ? "ema" : "raw";
}

const isOnline = (part: string) => part === "online_model";

/**
 * The weights as they were trained; what an average keeps a copy of counts where there is no other.
 */
function trained(all: readonly Candidate[]): Candidate[] {
  const raw = all.filter(({ kind }) => kind === "raw");
  const own = raw.filter(({ prefix }) => !prefix.split(".").some(isOnline));
  return own.length > 0 ? own : raw;
}

/**
 * LitEma (latent diffusion) takes the dots out of the names:
 * `model_ema.denoise_fninput_blocks00weight`.
 */
function withoutDots(
  tensors: ReadonlyMap<string, NamedTensor>,
  plain: readonly Candidate[],
): Candidate[] {
  const ending = mark.replaceAll(".", "");
  const prefixes = [...tensors.keys()]
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length));
  const [like] = plain;
  if (like === undefined) return [];
  return prefixes.map((prefix) => ({
    prefix,
    kind: "ema",
    tensors: new Map(
      [...like.tensors.keys()].flatMap((name) => {
        const tensor = tensors.get(`${prefix}${name.replaceAll(".", "")}`);
        return tensor ? [[name, tensor] as const] : [];
      }),
    ),
  }));
}

function below(
  prefix: string,
  tensors: Iterable<readonly [string, NamedTensor]>,
): Map<string, NamedTensor> {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/**
 * What is no weight of a network, by its name within what was saved; the chosen one's comes first.
 */
function othersOf(
  tensors: ReadonlyMap<string, NamedTensor>,
  all: readonly Candidate[],
  chosen: Candidate,
): Map<string, NamedTensor> {
  const others = new Map<string, NamedTensor>();
  for (const { prefix } of [...all.filter((one) => one !== chosen), chosen]) {
    const outer = prefix.replace(/denoise_fn\.?$/, "");
    for (const [name, tensor] of below(outer, tensors)) {
      // Without denoise_fn. in front the schedule stands among the weights.
      if (outer === prefix ? !name.includes(".") : !name.startsWith("denoise_fn")) {
        others.set(name, tensor);
      }
    }
  }
  return others;
}

function noteOn(kind: WeightKind, chosen: Candidate, others: readonly Candidate[]): string[] {
  const [other] = others;
  if (other === undefined) return [];
  return kind === "ema"
    ? [`Averaged weights were taken (${chosen.prefix}), not those as trained (${other.prefix}).`]
    : [
        `Weights as trained were taken (${chosen.prefix}), not the averaged ones (${other.prefix}).`,
      ];
}

function placesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ prefix }) => prefix).join(" and ");
}
