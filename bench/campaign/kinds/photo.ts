/** Photos: damaged, odd, or none, through the commands that restore and through the library. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { tasks } from "../../../src/tasks/registry.ts";
import type { Random } from "../../../src/util/random.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { fileStem, placeOddFile } from "../mutations/files.ts";
import { mutatePicture } from "../mutations/pictures.ts";
import { shortTraining, specimens } from "../specimens.ts";

/** A file given as a picture. */
export interface GivenPicture {
  readonly path: string;
  readonly what: string;
  /** Undamaged: whoever refuses it is wrong. */
  readonly good: boolean;
  /** Not a picture at all: whoever takes it is wrong. */
  readonly hopeless: boolean;
}

/** Puts a picture, mostly a damaged one, into the folder. */
export async function givePicture(
  folder: string,
  place: Place,
  random: Random,
  among: readonly string[] = specimens.pictures,
): Promise<GivenPicture> {
  const name = random.pick(among);
  const ending = random.uniform() < 0.9 ? extname(name) : random.pick([".jpg", ".png", "", ".txt"]);
  const path = join(folder, `${fileStem(random)}${ending}`);
  const kind = random.uniform();
  if (kind < 0.05) {
    await copyFile(place.specimen(name), path);
    return { path, what: `${name} as it is`, good: true, hopeless: false };
  }
  if (kind < 0.12) {
    const odd = await placeOddFile(path, place.specimen(name), random);
    return { path: odd.path, what: odd.how, good: odd.good, hopeless: !odd.good };
  }
  const { bytes, how } = mutatePicture(await readFile(place.specimen(name)), random);
  await writeFile(path, bytes);
  return { path, what: `${name}: ${how}`, good: false, hopeless: bytes.length === 0 };
}

/** The options of a quick restoration, by the specimens' model unless another is named. */
export const quickly = (place: Pick<Place, "specimen">, { model = "", out = "out" } = {}) => [
  ...["--model", model || place.specimen(specimens.model), "--steps", "1", "--threads", "1"],
  ...["-o", out],
];

async function make(random: Random, place: Place): Promise<Case> {
  const way = random.uniform();
  if (way > 0.9) return inFolder(random, place);
  const { path, what, good, hopeless } = await givePicture(place.room, place, random);
  const codes = good ? [0] : hopeless ? [1] : [0, 1];
  if (way < 0.35) {
    const name = random.pick(["readImage", "readPhoto"] as const);
    const bytes = name === "readImage" && !hopeless && random.uniform() < 0.5;
    return { what: `${name}: ${what}`, run: { call: { name, path, bytes } }, codes };
  }
  // A name that begins with a dash is said after "--".
  const command = random.pick(commands);
  const argv = [...command, ...quickly(place), "--", path];
  return { what: `${command[0]}: ${what}`, run: { argv }, codes };
}

const commands: readonly (readonly string[])[] = [
  ...tasks.map(({ name, command = name }) =>
    name === "inpaint" ? [command, "--mask", "random"] : [command],
  ),
  ["panorama", "--left", "0", "--right", "1"],
];

/** A folder with two good photos and a damaged one: to be restored, compared or trained on. */
async function inFolder(random: Random, place: Place): Promise<Case> {
  const folder = join(place.room, "photos");
  await mkdir(folder);
  for (const name of ["photo-000.png", "photo-001.png"])
    await copyFile(place.specimen(join(specimens.photos, name)), join(folder, name));
  const { what } = await givePicture(folder, place, random);
  const nets = ["--nets", place.specimen(specimens.nets), "--features", "tiny"];
  const photos = place.specimen(specimens.photos);
  const argv = random.pick([
    ["colorize", folder, ...quickly(place)],
    ["fid", folder, photos, ...nets, "-o", "out"],
    [
      ...["train", "--data", folder, "--out", "out", ...shortTraining, "--images", "2"],
      ...["--hold-out", "none", "--tasks", "colorize"],
    ],
  ]);
  return { what: `${argv[0]}, in a folder: ${what}`, run: { argv }, codes: [0, 1] };
}

export const photo: CaseKind = { name: "photo", title: "photos", share: 2600, make };
