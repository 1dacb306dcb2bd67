/**
 * Reading what earlier versions wrote. Format 1 of a model's and of a run's config.json had all
 * settings side by side; format 2 groups them: objective, optimizer, augmentation, photos, sampler.
 */

type Settings = Readonly<Record<string, unknown>>;

/** Names of format 1, with that of format 2 where it is another. */
const groups = {
  objective: {
    prediction: "prediction",
    loss: "loss",
    weighting: "weighting",
    levels: "noiseLevels",
    regression: "regression",
  },
  optimizer: {
    batch: "batch",
    accumulate: "accumulate",
    learningRate: "learningRate",
    warmUpImages: "warmUpImages",
    emaDecay: "emaDecay",
    clip: "clip",
  },
  augmentation: {
    cropScale: "cropScale",
    jpegQuality: "jpegQuality",
    gray: "gray",
    vary: "vary",
  },
} as const;

/** What format 1 meant where it said nothing: there was no choice yet. */
const impliedAugmentation = { cropScale: "half..full", jpegQuality: "paper", gray: 0, vary: false };

/**
 * A configuration of format 1, of a model or of a run, in format 2. Anything else is returned as it
 * is. The values are not checked: the schema of format 2 does that.
 */
export function upgradeFormat1(config: unknown): unknown {
  if (!isSettings(config) || config.format !== 1) return config;
  return { ...("machine" in config ? upgradeRun(config) : upgradeModel(config)), format: 2 };
}

function upgradeRun(run: Settings): Settings {
  const { objective, optimizer, augmentation, rest } = grouped(run);
  return {
    ...rest,
    objective: { noiseLevels: "schedule", ...objective },
    optimizer,
    augmentation: { ...impliedAugmentation, ...augmentation },
  };
}

function upgradeModel({ training, ...model }: Settings): Settings {
  const { objective, rest } = grouped(model);
  if (!isSettings(training)) {
    return { ...rest, objective, ...(training !== undefined && { training }) };
  }
  const trained = grouped(training);
  const { weights, photos, ...record } = trained.rest;
  return {
    ...rest,
    objective: {
      ...objective,
      // A model that records its weighting, but no noise levels, was trained with the paper's.
      ...("weighting" in trained.objective && { noiseLevels: "schedule" }),
      ...trained.objective,
    },
    training: {
      ...record,
      ...(Object.keys(trained.optimizer).length > 0 && { optimizer: trained.optimizer }),
      augmentation: { ...impliedAugmentation, ...trained.augmentation },
      ...(isSettings(photos) && {
        photos: { ...photos, ...(weights !== undefined && { weights }) },
      }),
    },
  };
}

/** The groups of flat settings, and what belongs to none. */
function grouped(
  flat: Settings,
): Readonly<Record<"objective" | "optimizer" | "augmentation" | "rest", Settings>> {
  const { sampling, ...rest }: Record<string, unknown> = flat;
  const take = (names: Readonly<Record<string, string>>): Record<string, unknown> => {
    const given = Object.entries(names).filter(([old]) => flat[old] !== undefined);
    for (const old of Object.keys(names)) delete rest[old];
    return Object.fromEntries(given.map(([old, name]) => [name, flat[old]]));
  };
  const { regression, ...objective } = take(groups.objective);
  return {
    objective: {
      ...objective,
      ...(regression !== undefined && regression !== false && { regression }),
    },
    optimizer: take(groups.optimizer),
    augmentation: take(groups.augmentation),
    rest: { ...rest, ...(sampling !== undefined && { sampler: sampling }) },
  };
}

function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
