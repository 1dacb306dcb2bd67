/** For each task a photo made worse in its way, and restored twice: what `npm start` and README.md show. */
import { crop, grayscale, paste } from "../src/image/image.ts";
import { resize } from "../src/image/resize.ts";
import { jpegRoundTrip } from "../src/node/jpeg.ts";
import {
  createImage,
  type Image,
  type Mask,
  type Palette,
  Random,
  randomMask,
  type SamplingOptions,
  type Task,
  type TaskName,
  type TaskOptions,
} from "../src/node.ts";
import { grown, oneSide } from "../src/tasks/uncrop.ts";

/** What is in a row of pictures. */
export const columns = ["input", "answer 1", "answer 2", "truth"];
/** Answers to each. */
const samples = 2;

/** Has `palette` restore `photo`, made worse in the task's way: a row of pictures, and the seconds an answer. */
export async function demonstration(
  palette: Palette,
  task: Task<TaskName>,
  { name, photo }: { readonly name: string; readonly photo: Image },
  drawing: SamplingOptions,
): Promise<{ label: string; images: Image[]; seconds: number }> {
  const random = Random.from("gallery", name, task.name);
  const { truth, shown, input, options, detail } = await damaged(task.name, photo, random);
  const start = performance.now();
  const answers = await palette.restore(task.name, input, { ...options, ...drawing, samples });
  return {
    label: `${task.title} (${detail}): ${name}`,
    images: [shown, ...answers, truth],
    seconds: (performance.now() - start) / 1000 / samples,
  };
}

interface Damaged {
  readonly truth: Image;
  /** What is shown as the input: holes and margins are gray. */
  readonly shown: Image;
  /** What is given to `Palette.restore`. */
  readonly input: Image;
  readonly options: TaskOptions;
  /** "quality 10", "free-form hole" */
  readonly detail: string;
}

/** Middle gray: a hole that is shown as noise would look like a fault. */
const holeShade = 0;
const quality = 10;
const scale = 4;

/** A photo and what is left of it; everything random comes from `random`. */
async function damaged(task: TaskName, photo: Image, random: Random): Promise<Damaged> {
  switch (task) {
    case "colorize": {
      const gray = grayscale(photo);
      return { truth: photo, shown: gray, input: gray, options: {}, detail: "gray" };
    }
    case "dejpeg": {
      const input = await jpegRoundTrip(photo, quality);
      return { truth: photo, shown: input, input, options: {}, detail: `quality ${quality}` };
    }
    case "sharpen": {
      const whole = (side: number) => scale * Math.floor(side / scale);
      const box = { left: 0, top: 0, width: whole(photo.width), height: whole(photo.height) };
      const truth = crop(photo, box);
      const input = resize(truth, box.width / scale, box.height / scale);
      const shown = resize(input, box.width, box.height);
      return { truth, shown, input, options: { scale }, detail: `${scale} times` };
    }
    case "inpaint": {
      const { mask, kind } = randomMask(photo.width, photo.height, random);
      const shown = withHole(photo, mask);
      return { truth: photo, shown, input: shown, options: { mask }, detail: `${kind} hole` };
    }
    case "uncrop": {
      const side = random.uniform() < 0.5 ? "all" : random.pick(oneSide);
      // Two thirds of the picture are known, along the grown side: grown by half, and by a pixel more at
      // most where two margins are rounded, it has nearly its size again.
      const along = (length: number) => 2 * Math.floor((length - 1) / 3);
      const width = side === "top" || side === "bottom" ? photo.width : along(photo.width);
      const height = side === "left" || side === "right" ? photo.height : along(photo.height);
      const picture = grown(width, height, side);
      const truth = crop(photo, { left: 0, top: 0, width: picture.width, height: picture.height });
      const input = crop(truth, picture.photo);
      const shown = createImage(truth.width, truth.height, holeShade);
      paste(shown, input, picture.photo.left, picture.photo.top);
      const detail = side === "all" ? "all sides" : side;
      return { truth, shown, input, options: { side }, detail };
    }
  }
}

function withHole(photo: Image, mask: Mask): Image {
  const pixels = photo.width * photo.height;
  const data = photo.data.map((value, i) => (mask.data[i % pixels] === 1 ? holeShade : value));
  return { ...photo, data };
}
