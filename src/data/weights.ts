/** How often each photo is drawn, so that repetitive sources do not crowd out the others. */
import picomatch from "picomatch";
import { z } from "zod";
import { UsageError } from "../util/errors.ts";
import { fileName } from "./hold-out.ts";

/** Photos whose file name matches the glob are drawn `weight` times as often as others. */
export const fileWeightSchema = z.strictObject({ glob: z.string(), weight: z.number().min(0) });

export type FileWeight = Readonly<z.infer<typeof fileWeightSchema>>;

/**
 * Reads a file of weights: a line is a glob for file names and a weight, separated by a space, a
 * tab or a comma (`grocery-* 0.4`). Empty lines and what follows a # do not count.
 * @param source what to call the file in an error message
 * @throws UsageError naming the line that cannot be read.
 */
export function parseFileWeights(text: string, source: string): FileWeight[] {
  return text.split(/\r?\n/).flatMap((line, k) => {
    const said = line.replace(/(^|\s)#.*$/, "").trim();
    if (said === "") return [];
    const [, glob, number] = /^(\S.*?)[\s,]+([\d.]+)$/.exec(said) ?? [];
    const weight = Number(number);
    if (glob === undefined || !Number.isFinite(weight)) {
      throw new UsageError(
        `Line ${k + 1} of ${source} is not a glob and a weight, such as "grocery-* 0.4": ${line.trim()}`,
      );
    }
    return [{ glob, weight }];
  });
}

/**
 * The weight of each photo: its folder's times that of the first glob that matches its file name; 1
 * where nothing is said.
 * @throws UsageError for a weight that is not a number of at least 0, and for a glob that no photo
 * matches.
 */
export function photoWeights(
  photos: readonly string[],
  folderWeight: (photo: string) => number,
  files: readonly FileWeight[] = [],
): number[] {
  const rules = files.map(({ glob, weight }) => ({
    glob,
    weight,
    matches: picomatch(glob),
    met: false,
  }));
  const weights = photos.map((photo) => {
    const rule = rules.find(({ matches }) => matches(fileName(photo)));
    if (rule !== undefined) rule.met = true;
    return folderWeight(photo) * (rule?.weight ?? 1);
  });
  const idle = rules.find(({ met }) => !met);
  if (idle !== undefined)
    throw new UsageError(
      `No photo has the weight of ${idle.glob}: none matches it. Mend or drop that line.`,
    );
  const wrong = weights.find((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (wrong !== undefined)
    throw new UsageError(`A weight is a number of at least 0, not ${wrong}.`);
  return weights;
}
