/** Colorization: a gray picture gets its colours (paper, section 4.1). */
import { withChromaOf } from "../image/chroma.ts";
import { atLeast, crop, grayscale } from "../image/image.ts";
import { smallestSize } from "../image/model-size.ts";
import { resize } from "../image/resize.ts";
import type { Task } from "./task.ts";

/** x is the gray picture in RGB form, and the network predicts all of RGB, not chroma alone. */
export const colorize: Task<"colorize", object> = {
  name: "colorize",
  title: "Colorization",
  description: "Gives a gray photo its colours.",
  copies: 1.6,
  optionNames: [],
  colours: true,
  async degrade(y) {
    return { x: grayscale(y), detail: "gray" };
  },
  /** The network colours a small copy; the photo gives the luma of every pixel. */
  async prepare(photo, resolution) {
    const { width, height } = smallestSize(photo, resolution);
    const small = grayscale(resize(photo, width, height));
    const x = atLeast(small, resolution);
    return {
      conditions: [{ x, detail: "gray" }],
      finish: async ([sample]) =>
        withChromaOf(photo, crop(sample!, { left: 0, top: 0, width, height })),
    };
  },
  async demonstrate(photo) {
    const gray = grayscale(photo);
    return { truth: photo, shown: gray, input: gray, options: {}, detail: "gray" };
  },
};
