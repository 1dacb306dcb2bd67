/** Trains on a folder of photos: `npx tsx examples/train-on-a-folder.ts PHOTOS [RUN] [IMAGES]`. */
import { planTraining, train } from "palette-diffusion/training";

const [photos = "photos", out = "runs/example", images = "3200"] = process.argv.slice(2);

// A plan is what decides about the weights: preset, photos, tasks, seed. The same plan and the same
// folder continue a run.
const plan = await planTraining({
  data: [photos],
  preset: "tiny-32",
  tasks: ["colorize", "inpaint"],
  seed: 1,
  threads: 2,
});
const outcome = await train(plan, {
  out,
  images: Number(images),
  reporter: {
    line: (text) => console.error(text),
    progress({ images, losses }) {
      const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      console.error(`${images} images, loss ${loss.toFixed(4)}`);
    },
  },
});
// The folder of the averaged weights, to be loaded with Palette.load.
console.log(outcome.model);
