/** A gray photo in tasks other than colorization. */

import { warmTone } from "../image/image.ts";
import type { Condition } from "./task.ts";

/**
 * The condition in the tone of an old print, if it is a whole picture. Some models also colorize
 * and saw no gray photo in their other tasks. They give colours to a gray source and leave the rest
 * as it is (docs/experiments/013). They do not mistake an old print.
 */
export function tintGray(condition: Condition): Condition {
  return condition.mask === undefined ? { ...condition, x: warmTone(condition.x) } : condition;
}
