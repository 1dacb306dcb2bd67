/**
 * Makes a run's model the bundled one: `npx tsx scripts/bundle.ts RUN/model models/NAME` writes it in
 * half precision, under the folder's name, with today's date. The model card is written by hand.
 */
import { basename } from "node:path";
import { say } from "../src/cli/console.ts";
import { loadModel, saveModel } from "../src/index.ts";

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error("Say which model and where to: npx tsx scripts/bundle.ts RUN/model models/NAME");
  process.exit(2);
}
const model = await loadModel(from);
const released = new Date().toISOString().slice(0, 10);
const config = { ...model.config, name: basename(to), released };
await saveModel(to, { ...model, config }, { dtype: "F16" });
say(to);
