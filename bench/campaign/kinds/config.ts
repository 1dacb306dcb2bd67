/** Configurations: config.json of a model, the PyTorch repository's, and --network. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import stripJsonComments from "strip-json-comments";
import type { Random } from "../../../src/util/random.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { placeOddFile } from "../mutations/files.ts";
import { mutateJson } from "../mutations/json.ts";
import { smallest, specimens } from "../specimens.ts";
import { quickly } from "./photo.ts";

async function make(random: Random, place: Place): Promise<Case> {
  const kind = random.uniform();
  if (kind < 0.6) return ofModel(random, place);
  return kind < 0.8 ? ofRepository(random, place) : ofNetwork(random, place);
}

async function ofModel(random: Random, place: Place): Promise<Case> {
  const model = join(place.room, "model");
  const [config, weights] = ["config.json", "weights.safetensors"].map((name) => ({
    path: join(model, name),
    good: place.specimen(join(specimens.model, name)),
  }));
  if (config === undefined || weights === undefined) throw new Error("A model has two files.");
  await mkdir(model);
  await copyFile(weights.good, weights.path);
  const { how, codes } = await give(config.path, config.good, random);
  const argv = random.pick([
    ["info", model],
    ["info", model, "--json"],
    ["colorize", place.specimen("rgb.png"), ...quickly(place, { model })],
    ["export", model, "-o", "out/x.onnx"],
    [
      ...["train", "--data", place.specimen(specimens.photos), "--from", model, "--out", "out"],
      "--dry-run",
    ],
  ]);
  return { what: `${argv[0]}: ${how}`, run: { argv }, codes };
}

async function ofRepository(random: Random, place: Place): Promise<Case> {
  const path = join(place.room, "config.json");
  const { how, codes } = await give(path, place.specimen(specimens.theirConfig), random);
  const argv = ["import", place.specimen("tiny.pth"), "--config", path, "-o", "out"];
  return { what: `import: ${how}`, run: { argv }, codes };
}

async function ofNetwork(random: Random, place: Place): Promise<Case> {
  const { text, how } = mutateJson(smallest, random);
  const path = join(place.room, "network.json");
  await writeFile(path, text);
  const argv = [
    ...["train", "--data", place.specimen(specimens.photos), "--out", "out", "--dry-run"],
    // An argument ends at NUL and at 128 kB.
    ...["--network", text.length < 100_000 && !text.includes("\0") ? text : path],
  ];
  return { what: `--network: ${how}`, run: { argv }, codes: [0, 1, 2] };
}

async function give(path: string, good: string, random: Random) {
  const kind = random.uniform();
  if (kind < 0.05) {
    await copyFile(good, path);
    return { how: "as it is", codes: [0] };
  }
  if (kind < 0.11) {
    const odd = await placeOddFile(path, good, random);
    return { how: odd.how, codes: odd.good ? [0] : [1] };
  }
  const { text, how } = mutateJson(stripJsonComments(await readFile(good, "utf8")), random);
  await writeFile(path, text);
  return { how, codes: text === "" ? [1] : [0, 1] };
}

export const config: CaseKind = { name: "config", title: "config.json", share: 1200, make };
