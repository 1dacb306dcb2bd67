/** Colorization: a gray picture gets its colours (paper, section 4.1). */
import { grayscale } from "../images/image.ts";
import { toSquare } from "../images/resize.ts";
import type { Task } from "./task.ts";

/** x is the gray picture in RGB form, and the network predicts all of RGB, not chroma alone. */
export const colorize: Task<"colorize"> = {
  name: "colorize",
  title: "Colorization",
  description: "Gives a gray photo its colours.",
  async degrade(y) {
    return { x: grayscale(y), detail: "gray" };
  },
  async condition(photo, resolution) {
    return { x: grayscale(await toSquare(photo, resolution)), detail: "gray" };
  },
};
