/**
 * Lets simulated subjects take part in a study, to try it and its report:
 * `tsx scripts/study/simulate.ts STUDY [SUBJECTS]`. They are no people, and say nothing about any.
 *
 * A simulated subject guesses, unless the two pictures differ: with d the root mean square of their
 * difference (of 255) it is fooled with probability exp(-d * skill / 25) / 2. Skills differ from
 * subject to subject. Every tenth subject does not look, and so fails checks.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sharp } from "../../src/node/sharp.ts";
import { openStudy } from "../../src/node/study.ts";
import type { Side } from "../../src/study/design.ts";
import { StudyStore } from "../../src/study/server/store.ts";
import { studyFiles } from "../../src/study/settings.ts";
import { PaletteError } from "../../src/util/errors.ts";
import { Random } from "../../src/util/random.ts";

const [folder, count = "50"] = process.argv.slice(2);
if (folder === undefined) throw new PaletteError("Name the folder of a study.");
const study = await openStudy(folder);
const { inputSeconds } = study.settings;
const store = new StudyStore(join(folder, studyFiles.votes), study);
const distances = new Map<string, number>();
for (let k = 0; k < Number(count); k++) {
  const random = Random.from("simulated subject", k);
  const skill = Math.exp(0.5 * random.normal());
  const looks = k % 10 !== 9;
  const token = store.join();
  let { next } = store.consent(token, "simulated");
  for (let [trial] = next; trial !== undefined; [trial] = next) {
    const { sheet, truth } = store.coming(token, trial.name);
    const fooled = looks ? Math.exp((-(await distance(sheet)) * skill) / 25) / 2 : 0.5;
    const other: Side = truth === "left" ? "right" : "left";
    const reaction = 400 + 2000 * random.uniform();
    store.vote(token, {
      ...{ name: trial.name, side: random.uniform() < fooled ? other : truth, reaction },
      ...{ shown: study.settings.seconds * 1000, frames: 0, interrupted: false },
    });
    ({ next } = store.session(token));
  }
}
store.close();
console.log(`${count} simulated subjects took part in ${folder}; they are no people.`);

/** The root mean square of the difference of a sheet's two pictures, of 255. */
async function distance(digest: string): Promise<number> {
  const known = distances.get(digest);
  if (known !== undefined) return known;
  const file = await readFile(join(folder!, studyFiles.sheet(digest)));
  const { side } = study.made;
  const first = inputSeconds > 0 ? side : 0;
  const pixels = (left: number) =>
    sharp(file).extract({ left, top: 0, width: side, height: side }).removeAlpha().raw().toBuffer();
  const [left, right] = await Promise.all([pixels(first), pixels(first + side)]);
  const squares = left.reduce((sum, value, k) => sum + (value - right[k]!) ** 2, 0);
  const found = Math.sqrt(squares / left.length);
  distances.set(digest, found);
  return found;
}
