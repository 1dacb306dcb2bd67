/**
 * Gives a model with `rejoin: "gated"` gates for bands instead: `npx tsx scripts/to-bands.ts MODEL OUT`
 * writes a model that answers nearly the same, to begin a training with (`palette train --from OUT`).
 */
import { say } from "../src/cli/console.ts";
import { findModel, loadModelConfig, saveModel } from "../src/index.ts";
import { readWeights } from "../src/models/model-folder.ts";
import { parameterCount, writeParameter } from "../src/nn/parameters.ts";
import { bandsFromGated } from "../src/nn/rejoining.ts";
import { parameterSpecs } from "../src/nn/unet.ts";

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error("Say which model and where to: npx tsx scripts/to-bands.ts MODEL OUT");
  process.exit(2);
}
const folder = await findModel(from);
const config = await loadModelConfig(folder);
if (config.network.rejoin !== "gated") {
  console.error(`${from} has no gates for the whole of its pictures: nothing to do.`);
  process.exit(1);
}
const network = { ...config.network, rejoin: "bands" as const };
const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
const parameters = new Float32Array(parameterCount([...specs.values()]));
await readWeights(folder, parameterSpecs(config.network), ({ name }, data) => {
  const last = name.startsWith("out.conv.");
  writeParameter(parameters, specs.get(name)!, last ? bandsFromGated(data, network) : data);
});
await saveModel(to, { config: { ...config, network }, parameters });
say(to);
