/**
 * A sampler of one's own: it jumps to the clean estimate and adds noise again, as in multistep
 * consistency sampling (Song et al. 2023, Algorithm 1). The network decides nothing but y0.
 * `npx tsx examples/sampler-of-ones-own.ts [PHOTO] [OUT] [MODEL]`
 */
import { defineSampler, Palette, readImage, registerSampler, writeImage } from "palette-diffusion";

const renoise = defineSampler({
  name: "renoise",
  description: "jumps to y0 and adds noise again",
  settings: {},
  async run(denoise, y, levels, _, addNoise) {
    // The levels are gammas, rising from noise; the step after the last leads to gamma 1.
    for (const [step, gamma] of levels.entries()) {
      const nextGamma = levels[step + 1] ?? 1;
      const y0 = await denoise(y, gamma, nextGamma);
      for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(nextGamma) * y0[i]!;
      if (nextGamma < 1) addNoise(y, Math.sqrt(1 - nextGamma), step);
    }
    return y;
  },
});
registerSampler(renoise);

const [photo = "samples/hills.jpg", out = "out/renoised.png", model] = process.argv.slice(2);
const palette = await Palette.load(model);
try {
  const image = await readImage(photo);
  const options = { sampler: renoise.name, steps: 4, seed: 1 };
  const [colorized] = await palette.restore("colorize", image, options);
  await writeImage(out, colorized!);
  console.log(out);
} finally {
  await palette.dispose();
}
