/**
 * The networks, chosen by `type` in config.json. A network is one file that gives a definition, and
 * one line here.
 */
import { z } from "zod";
import { Graph, type Tensor } from "../graph/index.ts";
import { Registry } from "../util/registry.ts";
import { explained } from "../util/schema-problem.ts";
import { type UNetConfig, uNetConfig } from "./config.ts";
import { DeclaredParameters, type ParameterSpec, type Parameters } from "./parameters.ts";
import { type UNetInputs, type UNetOptions, uNet, uNetInputs } from "./unet.ts";

/** The settings that every network has. */
export interface NetworkConfig {
  readonly type: string;
  /** Side of the images it is trained for, in pixels. */
  readonly resolution: number;
  /** Channels of one image. */
  readonly channels: number;
}

export interface NetworkDefinition<C extends NetworkConfig = NetworkConfig> {
  readonly configSchema: z.ZodType<C>;
  /** The output [N,C,H,W]; every parameter is taken from `parameters` once. */
  build(config: C, parameters: Parameters, inputs: UNetInputs, options?: UNetOptions): Tensor;
}

const networks = new Registry<NetworkDefinition>("network type", []);

registerNetwork("unet", { configSchema: uNetConfig, build: uNet });

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
 * The configuration of a network, checked by the definition of its `type` ("unet" unless given). Its
 * static type is the U-Net's, whose fields the built-in code reads.
 */
export const networkSchema = z
  .looseObject({ type: z.string().default("unet") })
  .transform((value, context): UNetConfig => {
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
    return data === undefined ? z.NEVER : (data as UNetConfig);
  });

/** The output [N,C,H,W] of the network that the configuration describes. */
export function buildNetwork(
  config: NetworkConfig,
  parameters: Parameters,
  inputs: UNetInputs,
  options?: UNetOptions,
): Tensor {
  return networkOfType(config.type).build(config, parameters, inputs, options);
}

/**
 * Every parameter of the network, in the order of the flat vector. The order of the numbers is the
 * CPU lowering's, whatever the device: a checkpoint serves all of them.
 */
export function parameterSpecs(config: NetworkConfig): ParameterSpec[] {
  const graph = new Graph();
  const declared = new DeclaredParameters(graph);
  buildNetwork(config, declared, uNetInputs(graph, config, 1));
  return declared.specs;
}
