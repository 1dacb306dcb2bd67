/** Colorizes a photo: `npx tsx examples/restore-a-photo.ts [PHOTO] [OUT] [MODEL] [STEPS]`. */
import { Palette, readImage, writeImage } from "palette-diffusion";

const [photo = "samples/hills.jpg", out = "out/colorized.png", model, steps = "20"] =
  process.argv.slice(2);

// Without a name the bundled model is loaded.
const palette = await Palette.load(model);
try {
  // An image is [3, H, W] in [-1, 1], of any size.
  const image = await readImage(photo);
  const [colorized] = await palette.restore("colorize", image, {
    steps: Number(steps),
    seed: 1,
    onStep: ({ step, steps, gamma }) =>
      console.error(`network call ${step} of ${steps} at gamma ${gamma.toFixed(4)}`),
  });
  await writeImage(out, colorized!);
  console.log(out);
} finally {
  await palette.dispose();
}
