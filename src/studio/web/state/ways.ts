/** The five ways to work, as the page groups the tasks. */
import type { StudioTask } from "../restorer.ts";

export const ways = ["colorize", "fill", "extend", "repair", "upscale"] as const;
export type Way = (typeof ways)[number];

export const extendKinds = ["uncrop", "panorama"] as const;
export type ExtendKind = (typeof extendKinds)[number];

export function taskOf(way: Way, kind: ExtendKind): StudioTask {
  const tasks = {
    colorize: "colorize",
    fill: "inpaint",
    extend: kind,
    repair: "dejpeg",
    upscale: "upscale",
  } as const;
  return tasks[way];
}

export function wayOf(task: StudioTask): Way {
  const found = ways.find((way) => taskOf(way, "uncrop") === task);
  return found ?? "extend";
}
