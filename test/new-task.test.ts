import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { columns, demonstration } from "../scripts/demo/demonstrations.ts";
import { variantOptions } from "../src/cli/commands/evaluate.ts";
import { taskCommand } from "../src/cli/commands/index.ts";
import { degraded, evaluationConditions } from "../src/evaluation/protocol/conditions.ts";
import { atLeast, createImage, crop, type Image } from "../src/image/image.ts";
import { nodeCodec } from "../src/node/codec.ts";
import type { Task } from "../src/tasks/task.ts";
import type { Random } from "../src/util/random.ts";

type DenoiseOptions = { readonly deviation?: number };

function noisyImage(image: Image, random: Random, deviation: number): Image {
  return { ...image, data: image.data.map((value) => value + deviation * random.normal()) };
}

/** Denoising, a task in one object. */
const denoise: Task<"denoise", DenoiseOptions> = {
  name: "denoise",
  title: "Denoising",
  description: "Removes noise from a photo.",
  async degrade(y, { random }, { deviation = random.between(0.05, 0.5) } = {}) {
    return { x: noisyImage(y, random, deviation), detail: `noise ${deviation.toFixed(2)}` };
  },
  async prepare(photo, resolution) {
    const box = { left: 0, top: 0, width: photo.width, height: photo.height };
    return {
      conditions: [{ x: atLeast(photo, resolution), detail: "as it is" }],
      finish: async ([sample]) => crop(sample!, box),
    };
  },
  cliOptions: [
    {
      name: "deviation",
      value: "number",
      description: "the noise to expect",
      kind: "number",
      least: 0,
      most: 2,
      default: 0.2,
    },
  ],
  variants: {
    name: "deviations",
    value: "list",
    description: "deviations of the noise",
    kind: { least: 0, most: 2 },
    defaults: [0.1, 0.4],
    variant: (value) => ({
      id: `${value}`,
      title: `noise of ${value}`,
      options: () => ({ deviation: Number(value) }),
    }),
  },
  async demonstrate(photo, { random }) {
    const input = noisyImage(photo, random, 0.3);
    return { truth: photo, shown: input, input, options: { deviation: 0.3 }, detail: "noise 0.3" };
  },
};

describe("a new task in one object", () => {
  it("has a command with its own options and those of all", async () => {
    const entry = taskCommand(denoise);
    expect([entry.name, entry.description]).toEqual(["denoise", "Removes noise from a photo."]);
    const command = new Command(entry.name);
    await entry.declare(command);
    const help = command.helpInformation();
    expect(help).toMatch(/--deviation <number>\s+the noise to expect \(default: 0\.2\)/);
    expect(help).toContain("--samples <count>");
  });

  it("is evaluated in its variants, or in those that are asked for", async () => {
    const [option] = variantOptions([denoise]);
    expect([option!.flags, option!.defaultValueDescription]).toEqual([
      "--deviations <list>",
      "0.1,0.4",
    ]);
    const ids = (variants?: Record<string, number[]>) =>
      evaluationConditions({ tasks: [denoise], ...(variants && { variants }) }).map(({ id }) => id);
    expect(ids()).toEqual(["denoise-0.1", "denoise-0.4"]);
    expect(ids({ deviations: [0] })).toEqual(["denoise-0"]);
    const [exact] = evaluationConditions({ tasks: [denoise], variants: { deviations: [0] } });
    expect(exact!.title).toBe("Denoising, noise of 0");
    const truth = createImage(8, 8, 0.5);
    expect((await degraded(exact!, truth, 1, 0, nodeCodec)).x).toEqual(truth);
  });

  it("has a row in the demo", async () => {
    const photo = createImage(8, 8, 0.5);
    const asked: unknown[] = [];
    const restore = async (task: unknown, input: Image, options: object) => {
      asked.push(task, options);
      return [input, input];
    };
    const { label, images } = await demonstration({ restore }, denoise, { name: "a", photo }, {});
    expect(label).toBe("Denoising (noise 0.3): a");
    expect(images).toHaveLength(columns.length);
    expect(images.at(-1)).toBe(photo);
    expect(asked).toEqual([denoise, { deviation: 0.3, samples: 2 }]);
  });
});
