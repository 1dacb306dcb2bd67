/**
 * Kills a study's server again and again while simulated subjects vote, and counts the votes that
 * were acknowledged and are lost, or counted twice: `tsx bench/study/kill.ts [KILLS] [SUBJECTS]`,
 * 20 and 50 unless given. Exits 1 when there is one.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compilePackage } from "../../test/support/compile.ts";
import { killingSpree } from "../../test/support/killed-study.ts";
import { smallStudy } from "../../test/support/study.ts";

const [kills = 20, subjects = 50] = process.argv.slice(2).map(Number);
compilePackage();
const place = await mkdtemp(join(tmpdir(), "palette-study-"));
try {
  const pairs = { pairs: 60, trials: 50, subjects, practice: 3, checks: 5 };
  const { folder, study } = await smallStudy(place, pairs);
  const { acknowledged, lost, changed, kept, twice } = await killingSpree(folder, study, {
    ...{ kills, subjects, pause: [200, 1500] },
    onKill: (k, votes) => console.log(`kill ${k + 1}: ${votes} votes acknowledged`),
  });
  console.log(
    `${kills} kills, ${subjects} subjects: ${acknowledged} votes acknowledged, ${kept} kept, ${lost} lost, ${changed} changed, ${twice} twice`,
  );
  if (lost + changed + twice > 0) process.exitCode = 1;
} finally {
  await rm(place, { recursive: true });
}
