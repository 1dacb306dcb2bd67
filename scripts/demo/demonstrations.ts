/** Photos degraded in each task's way, and restored twice: shown by `npm start` and README.md. */
import {
  type Image,
  nodeCodec,
  type Palette,
  Random,
  type SamplingOptions,
} from "../../src/node.ts";
import type { Task } from "../../src/tasks/task.ts";

/** The images of a row. */
export const columns = ["input", "sample 1", "sample 2", "truth"];
/** Of each input. */
const samples = 2;

/**
 * Has `palette` restore `photo`, degraded in the task's way: a row of images, and the seconds a
 * sample.
 */
export async function demonstration(
  palette: Pick<Palette, "restore">,
  task: Task,
  { name, photo }: { readonly name: string; readonly photo: Image },
  sampling: SamplingOptions,
): Promise<{ label: string; images: Image[]; seconds: number }> {
  const random = Random.from("gallery", name, task.name);
  const shown = await task.demonstrate(photo, { random, codec: nodeCodec });
  const start = performance.now();
  const restored = await palette.restore(task, shown.input, {
    ...shown.options,
    ...sampling,
    samples,
  });
  return {
    label: `${task.title} (${shown.detail}): ${name}`,
    images: [shown.shown, ...restored, shown.truth],
    seconds: (performance.now() - start) / 1000 / samples,
  };
}
