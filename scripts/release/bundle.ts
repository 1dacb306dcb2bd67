/**
 * Makes a run's model the bundled one: `npx tsx scripts/release/bundle.ts RUN/model models/NAME
 * HOURS` writes it in half precision, under the folder's name, with today's date, the hours it was
 * trained for (with those of the model it began with, if any) and the way of sampling that suits
 * such models today. The model card is written by hand, and so is `sampling` in config.json, from
 * what bench/dejpeg.ts measures; until then it is that of the run's model.
 */
import { basename } from "node:path";
import { say } from "../../src/cli/console.ts";
import { recommendedSampler } from "../../src/diffusion/samplers/sampler-config.ts";
import { loadModel, type ModelConfig, saveModel } from "../../src/node.ts";
import { omitUndefined } from "../../src/util/omit-undefined.ts";

const [from, to, time] = process.argv.slice(2);
const hours = Number(time);
if (from === undefined || to === undefined || !(hours > 0)) {
  console.error(
    "Say which model, where to and hours of training: npx tsx scripts/release/bundle.ts RUN/model models/NAME 4.3",
  );
  process.exit(2);
}
const model = await loadModel(from);
const released = new Date().toISOString().slice(0, 10);
const { training, sampler, objective } = model.config;
const config: ModelConfig = {
  ...model.config,
  ...omitUndefined({
    training: training && { ...training, hours },
    sampler: recommendedSampler(objective.prediction) ?? sampler,
  }),
  name: basename(to),
  released,
};
await saveModel(to, { ...model, config }, { dtype: "F16" });
say(to);
