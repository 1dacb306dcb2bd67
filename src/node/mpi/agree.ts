/** Before they train together, all ranks make sure that they mean the same training. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { TrainingPlan } from "../../training/plan.ts";
import { type Communicator, exchangeTexts } from "../../training/ranks/communicator.ts";
import { SaidByRank0 } from "../../training/ranks/said-by-rank0.ts";
import { differences, type RunConfig, runConfig } from "../../training/run-config.ts";
import { PaletteError, reasonOf, UsageError } from "../../util/errors.ts";
import { counted } from "../../util/format.ts";

/** What a rank found. */
interface Found {
  readonly host: string;
  readonly failure?: { readonly reason: string; readonly usage: boolean };
  readonly plan?: { readonly config: RunConfig; readonly photos: string };
}

/**
 * The plan, if all ranks have made the same. Where they have not, rank 0 throws why.
 * @throws PaletteError naming a rank that failed or that has other photos or settings; SaidByRank0
 * on the other ranks.
 */
export async function agreeOn(
  communicator: Communicator,
  planning: Promise<TrainingPlan>,
): Promise<TrainingPlan> {
  const { rank, size } = communicator;
  let plan: TrainingPlan | undefined;
  let failure: unknown;
  try {
    plan = await planning;
    const { batch } = plan.config.optimizer;
    if (batch < size)
      throw new UsageError(
        `A batch of ${batch} cannot be shared by ${size} ranks: give a --batch of ${size} or more, or start fewer ranks.`,
      );
  } catch (thrown) {
    failure = thrown;
  }
  const own: Found = {
    host: hostname(),
    ...(failure === undefined
      ? plan && { plan: { config: plan.config, photos: photosDigest(plan) } }
      : { failure: { reason: reasonOf(failure), usage: failure instanceof UsageError } }),
  };
  const texts = await exchangeTexts(communicator, JSON.stringify(own));
  const problem = problemIn(texts.map((text) => JSON.parse(text) as Found));
  if (problem === undefined && plan !== undefined) return plan;
  if (rank > 0) throw new SaidByRank0();
  throw failure ?? problem;
}

function problemIn(found: readonly Found[]): PaletteError | undefined {
  const [first, ...others] = found as [Found, ...Found[]];
  for (const [rank, { host, failure }] of found.entries()) {
    if (failure === undefined) continue;
    const text = `Rank ${rank} on ${host}: ${failure.reason}.`;
    return failure.usage ? new UsageError(text) : new PaletteError(text);
  }
  for (const [k, { host, plan }] of others.entries()) {
    const rank = `Rank ${k + 1} on ${host}`;
    const [mine, its] = [first.plan, plan];
    if (mine === undefined || its === undefined) continue;
    const counts = [its, mine].map(({ config }) =>
      counted(config.photos.training + config.photos.heldOut),
    );
    if (mine.photos !== its.photos)
      return new PaletteError(
        `${rank} finds other photos than rank 0 on ${first.host} (digests ${its.photos} and ${mine.photos}, ${counts.join(" and ")} photos): give every host the same ones.`,
      );
    const settings = differences(runConfig.parse(mine.config), runConfig.parse(its.config));
    if (settings.length > 0)
      return new PaletteError(
        `${rank} was given other settings than rank 0 (${settings.join("; ")}): start all ranks with the same command, which all find the same run folder.`,
      );
  }
  return undefined;
}

/**
 * 12 hexadecimal digits that tell which photos there are, whole or held out, and in which order.
 */
function photosDigest({ config, photos = [] }: TrainingPlan): string {
  const hash = createHash("sha256").update(JSON.stringify(config.photos));
  for (const { name, fingerprint } of photos) hash.update(`${name}\t${fingerprint}\n`);
  return hash.digest("hex").slice(0, 12);
}
