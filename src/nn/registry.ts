/**
 * The networks, chosen by `type` in config.json. A network is one file that gives a definition, and
 * one line here.
 */
import type { z } from "zod";
import { Graph, type Tensor } from "../graph/index.ts";
import { uNetConfig } from "./config.ts";
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

const networks = new Map<string, NetworkDefinition>();

registerNetwork("unet", { configSchema: uNetConfig, build: uNet });

/** Adds a network. Throws when there is one of this type. */
export function registerNetwork<C extends NetworkConfig>(
  type: string,
  definition: NetworkDefinition<C>,
): void {
  if (networks.has(type)) throw new Error(`there is a network of type "${type}" already`);
  networks.set(type, definition);
}

/** Throws when there is no network of this type, and names those that there are. */
export function networkOfType(type: string): NetworkDefinition {
  const found = networks.get(type);
  if (found !== undefined) return found;
  throw new Error(`no network of type "${type}"; there are: ${[...networks.keys()].join(", ")}`);
}

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
