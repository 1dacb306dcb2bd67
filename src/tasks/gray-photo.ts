/** A gray photo in tasks other than colorization. */

import { warmTone } from "../image/image.ts";
import type { Condition } from "./task.ts";

/**
 * The condition in the tone of an old print, if it is a whole picture. A model that also colorizes,
 * and saw no gray photo in its other tasks, takes a gray source for one to be given colours, and leaves
 * the rest as it is (docs/experiments/013). It does not mistake an old print.
 */
export function tintGray(condition: Condition): Condition {
  return condition.mask === undefined ? { ...condition, x: warmTone(condition.x) } : condition;
}
