import { expect, it } from "vitest";
import { killingSpree } from "../../../test/support/killed-study.ts";
import { smallStudy } from "../../../test/support/study.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";

const { at } = temporaryFiles("");

// bench/study/kill.ts does the same with 20 kills and 50 subjects.
it("loses no vote that was acknowledged when the server is killed", async () => {
  const { folder, study } = await smallStudy(at(""), { pairs: 20, trials: 20 });
  const done = await killingSpree(folder, study, { kills: 2, subjects: 5, pause: [40, 120] });
  expect(done).toEqual({ acknowledged: 5 * 23, kept: 5 * 23, lost: 0, changed: 0, twice: 0 });
});
