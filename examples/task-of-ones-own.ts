/** A task of one's own, denoising: `npx tsx examples/task-of-ones-own.ts PHOTOS [RUN] [IMAGES]`. */
import { type Image, type Random, registerTask, type Task } from "palette-diffusion";
import { planTraining, train } from "palette-diffusion/training";

const noisy = (image: Image, random: Random, deviation: number): Image => ({
  ...image,
  data: image.data.map((value) => value + deviation * random.normal()),
});

const denoise: Task<"denoise"> = {
  name: "denoise",
  title: "Denoising",
  description: "Removes noise from a photo.",
  // Training: the condition x from the clean photo y; all randomness comes from `random`.
  async degrade(y, { random }) {
    const deviation = random.between(0.05, 0.5);
    return { x: noisy(y, random, deviation), detail: `noise ${deviation.toFixed(2)}` };
  },
  // Restoring: a photo at least as large as the network, as it is.
  async prepare(photo) {
    const finish = async (samples: readonly Image[]) => samples[0]!;
    return { conditions: [{ x: photo, detail: "as it is" }], finish };
  },
  async demonstrate(photo, { random }) {
    const input = noisy(photo, random, 0.3);
    return { truth: photo, shown: input, input, options: {}, detail: "noise 0.3" };
  },
};
registerTask(denoise);

const [photos = "photos", out = "runs/denoise", images = "3200"] = process.argv.slice(2);
const request = { data: [photos], preset: "tiny-32", tasks: [denoise.name], seed: 1, threads: 2 };
const { model } = await train(await planTraining(request), { out, images: Number(images) });
console.log(model);
