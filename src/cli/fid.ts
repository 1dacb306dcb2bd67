/** `palette fid`: the distance of two folders of pictures. */
import { join, relative } from "node:path";
import type { Comparison, ComparisonProgress } from "../evaluation/protocol/compare-sets.ts";
import { comparisonPage, comparisonRows } from "../evaluation/report/comparison-page.ts";
import { writeAtomically } from "../node/atomic-write.ts";
import { compareFolders } from "../node/evaluate.ts";
import { claimFolder, folderKinds } from "../node/output-rule.ts";
import type { FidFlags } from "./commands/fid.ts";
import { log, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { Watch } from "./watch.ts";

const stageLabels: Readonly<Record<ComparisonProgress["stage"], string>> = {
  pictures: "extracting features",
  kid: "computing KID",
  fid: "computing FID",
};

/** Prints the numbers, and writes them and a page when a folder is named. */
export async function compare(
  a: string,
  b: string,
  { out, nets, features, json }: FidFlags,
): Promise<void> {
  if (out !== undefined) await claimFolder(out, folderKinds.comparison);
  await interruptible(async (signal) => {
    const watch = new Watch();
    let many = false;
    try {
      const result = await compareFolders(a, b, {
        nets,
        features,
        signal,
        onProgress: ({ stage, done, total }) => {
          if (stage === "pictures") many = total > 1000;
          if (stage === "fid" && done === 0 && many) {
            watch.stop();
            log("Computing FID: no progress is shown for up to a minute.");
          }
          watch.show(stageLabels[stage], done, total);
        },
      });
      watch.stop();
      say(json ? JSON.stringify(result) : inLines(result));
      if (out === undefined) return;
      const [data, page] = [join(out, "fid.json"), join(out, "fid.html")];
      await writeAtomically(data, `${JSON.stringify(result, undefined, 2)}\n`);
      await writeAtomically(page, comparisonPage([a, b], result));
      if (!json) for (const path of [data, page]) say(relative(".", path));
    } finally {
      watch.stop();
    }
  });
}

function inLines(result: Comparison): string {
  const lines = comparisonRows(result).map(([name, value]) => `${name.padEnd(9)}${value}`);
  return [...lines, ...result.notes].join("\n");
}
