/** Reads what `--network` gives. */
import type { NetworkConfig } from "../nn/network.ts";
import { networkSchema } from "../nn/registry.ts";
import { readToEnd } from "../node/regular-file.ts";
import { reasonOf, UsageError } from "../util/errors.ts";
import { problemIn } from "../util/schema-problem.ts";

/** @throws UsageError for what is neither JSON nor a file of it, or names an impossible network. */
export async function readNetwork(given: string): Promise<NetworkConfig> {
  let value: unknown;
  try {
    const text = given.trimStart().startsWith("{") ? given : String(await readToEnd(given));
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--network is neither JSON nor a file of it: ${reasonOf(error)}.`);
  }
  const parsed = networkSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--network: ${problemIn(networkSchema, value, parsed.error)}.`);
}
