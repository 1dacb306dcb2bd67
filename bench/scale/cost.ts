/** What a training step of the presets costs, counted in the graphs that a GPU runs. */
import { presetNamed } from "../../src/models/presets.ts";
import { trainingCost } from "../../src/nn/graph-costs.ts";
import { parameterCount } from "../../src/nn/parameters.ts";
import { parameterSpecs } from "../../src/nn/registry.ts";
import { type Card, cards } from "./cards.ts";
import { roofline, type StepCost } from "./model.ts";
import { bytes, count, seconds, table } from "./text.ts";

/** Vectors of the weights' length that an optimizer step reads and writes: Adam and the average. */
const optimizerVectors = 9;
/** Weights, average, two moments, gradient, its sum over several runs, the engine's copy. */
const heldVectors = 7;

export interface CountedStep extends StepCost {
  readonly preset: string;
  readonly parameters: number;
  readonly batch: number;
  readonly recompute: boolean;
  /** Bytes on the card. */
  readonly held: number;
}

/** Of a step that keeps the training state on the card: the batch is its only upload. */
export function countStep(preset: string, batch: number, recompute: boolean): CountedStep {
  const { network, objective } = presetNamed(preset);
  const specs = parameterSpecs(network);
  const parameters = parameterCount(specs);
  const options = { batch, loss: objective.loss, recompute, lowering: "gpu" } as const;
  const { flops, traffic, live } = trainingCost(network, specs, options);
  const image = 4 * ((3 * network.channels + 1) * network.resolution ** 2 + 2);
  return {
    ...{ preset, parameters, batch, recompute, flops },
    traffic: traffic + 4 * optimizerVectors * parameters,
    transfer: batch * image,
    held: 4 * heldVectors * parameters + live,
  };
}

export function costTables(steps: readonly CountedStep[]): Record<string, string> {
  const name = ({ preset, batch, recompute }: CountedStep) =>
    `\`${preset}\`, batch ${batch}${recompute ? ", `--recompute`" : ""}`;
  return {
    steps: table(
      ["a step of", "operations", "memory traffic", "upload", "memory held"],
      steps.map((step) => [
        name(step),
        count(step.flops),
        bytes(step.traffic),
        bytes(step.transfer),
        bytes(step.held),
      ]),
    ),
    cards: table(
      ["card", "float32", "its memory", "bus", "figures from"],
      cards.map((card) => [
        card.name,
        `${(card.flops / 1e12).toFixed(1)} TFLOP/s`,
        `${bytes(card.memory)} at ${bytes(card.bandwidth)}/s`,
        card.bus === undefined ? "none" : `${bytes(card.bus)}/s`,
        card.source,
      ]),
    ),
    roofline: table(
      ["least time of a step", ...cards.map(({ name: card }) => card)],
      steps.map((step) => [name(step), ...cards.map((card) => onCard(step, card))]),
    ),
  };
}

function onCard(step: CountedStep, card: Card): string {
  if (step.held > card.memory) return "does not fit";
  const { seconds: least, limit } = roofline(step, card);
  return `${seconds(least)}, ${limit}`;
}
