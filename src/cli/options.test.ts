/** Every documented value of every option is taken: parsed, and by the settings' schemas. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, type Option } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { palette } from "../../test/support/command.ts";
import { writePhotos } from "../../test/training-photos.ts";
import { parseWay } from "../evaluation/protocol/sampler-settings.ts";
import { saveModel } from "../node/model-folder.ts";
import { planTraining } from "../node/training.ts";
import type { EvaluateFlags } from "./commands/evaluate.ts";
import { commands } from "./commands/index.ts";
import type { TrainFlags } from "./commands/train.ts";
import { trainingRequest } from "./train.ts";

let root: string;
const at = (name: string) => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "palette-options-"));
  await writePhotos(at("photos"), 9);
  await writeFile(at("weights.txt"), "photo-* 0.4\n");
  await writeFile(at("network.json"), JSON.stringify(smallestNetwork));
  await saveModel(at("model"), randomModel({}, smallestNetwork));
});
afterAll(() => rm(root, { recursive: true }));

/**
 * What the help says of options whose values are no choice among words; `@` is the test's folder.
 */
const documented: Readonly<Record<string, readonly string[]>> = {
  "--data": ["@/photos", "@/photos:0.5"],
  "--weights": ["@/weights.txt"],
  "--network": ["@/network.json", JSON.stringify(smallestNetwork)],
  "--from": ["@/model"],
  "--tasks": ["colorize", "inpaint,dejpeg", "colorize,inpaint,uncrop,dejpeg,sharpen"],
  "--mix": ["dejpeg:3,inpaint:2"],
  "--first-call": ["dejpeg:0.3,inpaint:0.1", "dejpeg:0", "dejpeg:1"],
  "--own-pixels": ["dejpeg:0.5,sharpen:0.5", "dejpeg:0", "dejpeg:1"],
  "--hold-out": ["every:7:1", "none"],
  "--resolution": ["64", "128"],
  "--checkpoint-every": ["10min", "5000"],
  "--ema": ["0", "0.999"],
  "--lr": ["0.0001", "1e-5"],
  "--warmup": ["0", "500"],
  "--gray": ["0", "0.5", "1"],
  "--conditioning-dropout": ["0", "0.1"],
  "--guidance": ["0", "1", "1.5"],
  "--length": ["0.02", "0.25"],
  "--lengths": ["0.03,0.05,0.1"],
  "--clip": ["1", "0.5", "none"],
  "--steps": ["20", "1000"],
  "--to": ["16:9", "1920x1080"],
  "--seed": ["0", "1"],
  "--shard": ["1/8", "8/8"],
  "--replicates": ["0", "50"],
};
/** Where a command means something else by it. */
const documentedOf: Readonly<Record<string, readonly string[]>> = {
  "evaluate --steps": ["20", "ddpm:1000", "20,dpm++:20", "20:guidance=1.5", "own,mean,2:start=1.5"],
  "evaluate --precision": ["float32", "float32,int8"],
  "study --steps": ["20", "ddpm:1000"],
  "study --size": ["256"],
  "shards --size": ["500MB", "1.5GB", "10000"],
  "shards --side": ["256", "own"],
};

function valuesOf(command: string, option: Option): readonly string[] {
  const flag = option.long ?? option.flags;
  if (option.argChoices !== undefined) return option.argChoices;
  const said = documentedOf[`${command} ${flag}`] ?? documented[flag];
  if (said !== undefined) return said.map((value) => value.replaceAll("@", root));
  const usual = option.defaultValueDescription ?? String(option.defaultValue ?? "1");
  return /\bor none\b/.test(option.description) ? [usual, "none"] : [usual];
}

/** What a command's options are parsed to; what it would do is left out. */
async function parsed(command: Command, argv: readonly string[]): Promise<object> {
  command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  command.action(() => {});
  await command.parseAsync([...argv], { from: "user" });
  return command.opts();
}

/** The mandatory options but one, and an argument for each place. */
function rest(command: Command, tried: Option): string[] {
  const others = command.options.filter((option) => option.mandatory && option !== tried);
  return [
    ...command.registeredArguments.filter(({ required }) => required).map(() => "x"),
    ...others.flatMap((option) => [
      option.long ?? "",
      at(option.long === "--data" ? "photos" : "y"),
    ]),
  ];
}

/** The schemas behind the options of a command. */
async function accepted(command: string, flags: object): Promise<void> {
  if (command === "train") await planTraining(await trainingRequest(flags as TrainFlags));
  if (command === "evaluate") (flags as EvaluateFlags).steps.map(parseWay);
}

describe.each(commands.map((entry) => ({ name: entry.name, entry })))(
  "palette $name takes what it says of its options",
  ({ name, entry }) => {
    it("one by one", async () => {
      const declared = new Command(name);
      await entry.declare(declared);
      const all = declared.commands.length === 0 ? [declared] : declared.commands;
      for (const [k, { options }] of all.entries()) {
        for (const [n, { flags }] of options.entries()) {
          // Declared anew: a command remembers what it has parsed.
          const fresh = async () => {
            const command = new Command(name);
            await entry.declare(command);
            return command.commands[k] ?? command;
          };
          const { isBoolean, values } = await fresh().then((command) => {
            const option = command.options[n]!;
            return { isBoolean: option.isBoolean(), values: valuesOf(name, option) };
          });
          for (const value of isBoolean ? [undefined] : values) {
            const command = await fresh();
            const option = command.options[n]!;
            const given = [option.long ?? flags, ...(value === undefined ? [] : [value])];
            const taking = parsed(command, [...rest(command, option), ...given]).then((found) =>
              accepted(name, found),
            );
            await expect(taking, `${name} ${given.join(" ")}`).resolves.toBeUndefined();
          }
        }
      }
    });
  },
);

describe("a wrong setting is named with its value and what is allowed, in one line", () => {
  const training = (...more: string[]) => [
    ...["train", "--data", at("photos"), "--out", at("run"), "--preset", "tiny-32"],
    ...more,
  ];
  it.each<[string, () => Promise<string[]>, RegExp]>([
    [
      "by an option",
      async () => training("--clip", "-1"),
      /'--clip <norm>' argument '-1' is invalid\. Give a number above 0, or none\./,
    ],
    [
      "by a choice",
      async () => training("--loss", "l3"),
      /'--loss <p>' argument 'l3' is invalid\. Allowed choices are l1, l2/,
    ],
    [
      "in a network",
      async () => training("--network", JSON.stringify({ ...smallestNetwork, base: "wide" })),
      /^palette: --network: base: must be a whole number above 0, not "wide"\./,
    ],
    [
      "in a run's config.json",
      async () => {
        const { config } = await planTraining({ data: [at("photos")], threads: 1 });
        const optimizer = { ...config.optimizer, clip: "" };
        await mkdir(at("old"));
        await writeFile(join(at("old"), "config.json"), JSON.stringify({ ...config, optimizer }));
        return ["train", "--data", at("photos"), "--out", at("old"), "--preset", "tiny-32"];
      },
      /config\.json is not .* \(optimizer\.clip: must be a number above 0 or null, not ""\)/,
    ],
    [
      "in a model's config.json",
      async () => {
        const { config } = randomModel({}, smallestNetwork);
        const wrong = { ...config, objective: { prediction: "noise" } };
        await mkdir(at("wrong"));
        await writeFile(join(at("wrong"), "config.json"), JSON.stringify(wrong));
        return ["info", at("wrong")];
      },
      /\(objective\.prediction: must be one of epsilon, v, .*, not "noise"\)/,
    ],
  ])("%s", async (_, argv, message) => {
    const { code, stdout, stderr } = await palette(...(await argv()));
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([stdout, code > 0]).toEqual(["", true]);
  });
});

it("none is null, not a missing value", async () => {
  const train = commands.find(({ name }) => name === "train")!;
  const command = new Command("train");
  await train.declare(command);
  const argv = ["--data", at("photos"), "--out", at("run"), "--preset", "tiny-32"];
  const flags = await parsed(command, [...argv, "--clip", "none"]);
  const { config } = await planTraining(await trainingRequest(flags as TrainFlags));
  expect(config.optimizer.clip).toBeNull();
});
