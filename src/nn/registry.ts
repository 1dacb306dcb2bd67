/**
 * The networks, chosen by `type` in config.json. A network is one file that gives a definition, and
 * one line here.
 */
import { z } from "zod";
import { Graph, type Tensor } from "../graph/index.ts";
import { deepEqual } from "../util/deep-equal.ts";
import { UsageError } from "../util/errors.ts";
import { Registry } from "../util/registry.ts";
import { explained, problemIn } from "../util/schema-problem.ts";
import { uNetAtResolution, uNetConfig, uNetSideMultiple } from "./config.ts";
import {
  type BuildOptions,
  type NetworkConfig,
  type NetworkDefinition,
  type NetworkInputs,
  networkInputs,
} from "./network.ts";
import { DeclaredParameters, type ParameterSpec, type Parameters } from "./parameters.ts";
import { uNet } from "./unet.ts";

const networks = new Registry<NetworkDefinition>("network type", []);

registerNetwork("unet", {
  configSchema: uNetConfig,
  build: uNet,
  sideMultiple: uNetSideMultiple,
  atResolution: uNetAtResolution,
});

/**
 * Adds a network of one's own, to be chosen by `type` in config.json.
 * @throws UsageError when the type is taken.
 */
export function registerNetwork<C extends NetworkConfig>(
  type: string,
  definition: NetworkDefinition<C>,
): void {
  networks.add(type, definition);
}

/** @throws UsageError listing the types when there is none of this one. */
export function networkOfType(type: string): NetworkDefinition {
  return networks.get(type);
}

/**
 * The configuration of a network, checked by the definition of its `type` ("unet" unless given).
 * Fields of its own are kept.
 */
export const networkSchema = z
  .looseObject({ type: z.string().default("unet") })
  .transform((value, context): NetworkConfig => {
    if (!networks.names.includes(value.type)) {
      const message = `is no known network; the types are ${networks.names.join(", ")}`;
      context.addIssue({ code: "custom", path: ["type"], message });
      return z.NEVER;
    }
    const { configSchema } = networkOfType(value.type);
    const { data, error } = configSchema.safeParse(value);
    for (const issue of error?.issues ?? []) {
      const message = explained(configSchema, value, issue);
      context.addIssue({ code: "custom", path: [...issue.path], message });
    }
    return data ?? z.NEVER;
  });

/** The output [N,C,H,W] of the network that the configuration describes. */
export function buildNetwork(
  config: NetworkConfig,
  parameters: Parameters,
  inputs: NetworkInputs,
  options?: BuildOptions,
): Tensor {
  return networkOfType(config.type).build(config, parameters, inputs, options);
}

/**
 * The network with the same weights for images of another side.
 * @throws UsageError when it cannot be, or would have other weights.
 */
export function atResolution(config: NetworkConfig, resolution: number): NetworkConfig {
  const refuse = (reason: string) =>
    new UsageError(`The network cannot be for ${resolution} pixels a side: ${reason}.`);
  const multiple = sideMultiple(config);
  if (resolution % multiple !== 0) throw refuse(`they must be a multiple of ${multiple}`);
  const { atResolution: changed } = networkOfType(config.type);
  const value = changed?.(config, resolution) ?? { ...config, resolution };
  const { data, error } = networkSchema.safeParse(value);
  if (data === undefined) throw refuse(problemIn(networkSchema, value, error));
  if (!deepEqual(parameterSpecs(data), parameterSpecs(config)))
    throw refuse("its weights would be others");
  return data;
}

/** Heights and widths of images that the network can take at all are multiples of this. */
export function sideMultiple(config: NetworkConfig): number {
  return networkOfType(config.type).sideMultiple?.(config) ?? 1;
}

/**
 * Every parameter of the network, in the order of the flat vector. The order of the numbers is the
 * CPU lowering's, whatever the device: a checkpoint serves all of them.
 */
export function parameterSpecs(config: NetworkConfig): ParameterSpec[] {
  const graph = new Graph();
  const declared = new DeclaredParameters(graph);
  buildNetwork(config, declared, networkInputs(graph, config, 1));
  return declared.specs;
}
