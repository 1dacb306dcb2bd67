/** Run folders: one of their files is damaged, gone or odd, and the same command continues. */
import { appendFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../../src/util/random.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { mutateBytes } from "../mutations/bytes.ts";
import { placeOddFile } from "../mutations/files.ts";
import { mutateJson } from "../mutations/json.ts";
import { shortTraining, specimens } from "../specimens.ts";
import { mutateSafetensors } from "./safetensors.ts";

const files = [
  ...["config.json", "config.json", "config.json", "checkpoint.safetensors"],
  ...["checkpoint.safetensors", "stats.jsonl", "log.txt", "clock.json", "lock"],
  ...["samples", "model", "model/config.json", "model/weights.safetensors", ".x.tmp"],
] as const;

async function make(random: Random, place: Place): Promise<Case> {
  const run = join(place.room, "run");
  await cp(place.specimen(specimens.run), run, { recursive: true });
  const name = random.pick(files);
  const { how, good } = await damage(join(run, name), place.specimen("rgb.png"), name, random);
  const images = random.uniform() < 0.8 ? "4" : "6";
  const argv = [
    ...["train", "--data", place.specimen(specimens.photos), "--out", run, ...shortTraining],
    ...["--tasks", "colorize", "--images", images],
  ];
  return {
    what: `${name}: ${how}`,
    run: { argv },
    codes: good ? [0] : [0, 1],
    mayChange: [run],
  };
}

async function damage(
  path: string,
  other: string,
  name: string,
  random: Random,
): Promise<{ how: string; good: boolean }> {
  const kind = random.uniform();
  if (kind < 0.05) return { how: "as it is", good: true };
  if (kind < 0.12) {
    await rm(path, { recursive: true, force: true });
    return { how: "gone", good: false };
  }
  const before = await readFile(path).catch(() => undefined);
  if (kind < 0.25 || before === undefined) {
    await rm(path, { recursive: true, force: true });
    if (before === undefined && kind > 0.6) {
      await writeFile(path, random.pick(locks));
      return { how: "a file where there was none", good: false };
    }
    return { ...(await placeOddFile(path, other, random)), good: false };
  }
  if (name === "stats.jsonl" && kind < 0.5) {
    await appendFile(path, random.pick(['{"images": 8', "\n\n", "[]\n", '{"images":1e99}\n']));
    return { how: "more lines", good: false };
  }
  if (name.endsWith(".json") && kind < 0.85) {
    const { text, how } = mutateJson(before.toString(), random);
    await writeFile(path, text);
    return { how, good: false };
  }
  const { bytes, how } = name.endsWith(".safetensors")
    ? mutateSafetensors(before, random)
    : mutateBytes(before, random);
  await writeFile(path, bytes);
  return { how, good: false };
}

const locks = [
  "",
  "{}",
  '{"pid":1,"host":"elsewhere","started":null}',
  '{"pid":-1,"host":"","started":""}',
  '{"pid":0.5}',
  "not JSON",
];

export const runFolder: CaseKind = { name: "run", title: "run folders", share: 500, make };
