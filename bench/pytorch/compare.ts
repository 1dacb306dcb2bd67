/**
 * Ours beside PyTorch: the same network, batch and threads, each in a process of its own, in turn,
 * three rounds. Prints the medians and the ratios of throughput and of memory, ours over PyTorch's:
 * the rows of docs/results/data/speed-64.json, of which README.md has its numbers
 * (`npm run docs:results`).
 *
 *   npm run bench:pytorch [-- --json] [--rounds 3] [--steps 5] [--network pytorch-256] [--batch 1]
 *     [--mode sample]
 *
 * PyTorch suffers more than we do when other programs use the cores: run it on an idle machine.
 */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { presetNamed } from "../../src/models/presets.ts";
import { median } from "../../src/node/benchmark/throughput.ts";
import { reference } from "../reference.ts";

const run = promisify(execFile);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

interface Measured {
  readonly parameters: number;
  readonly secondsPerStep: readonly number[];
  readonly peakMemoryBytes: number;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "5" },
    threads: { type: "string", default: String(availableParallelism()) },
    /** "reference", or a preset. */
    network: { type: "string", default: "reference" },
    /** Images a step; default 16, and 1 of a preset. */
    batch: { type: "string" },
    mode: { type: "string", default: "both" },
  },
});
const allModes = ["train", "sample"] as const;
type Mode = (typeof allModes)[number];
const modes = allModes.filter((mode) => values.mode === "both" || values.mode === mode);
if (modes.length === 0) throw new Error(`--mode is train, sample or both, not ${values.mode}`);
const given = values.network === "reference";
// What passes a network by (a hundredth of the arithmetic) is left out: PyTorch's side has none of
// it.
const network = {
  ...(given ? reference : presetNamed(values.network).network),
  outputSkip: "none" as const,
};
const batch = Number(values.batch ?? (given ? 16 : 1));

async function ours(mode: Mode): Promise<Measured> {
  const config = JSON.stringify(network);
  const { stdout } = await run(process.execPath, [
    ...["--import", "tsx", here("../../src/cli/main.ts"), "bench", "--json"],
    ...["--network", config, "--mode", mode, "--batch", String(batch)],
    ...["--steps", values.steps, "--threads", values.threads],
  ]);
  return JSON.parse(stdout).results[0] as Measured;
}

async function pytorch(mode: Mode): Promise<Measured> {
  const resampling = network.resampling === "convolution" ? "conv" : network.resampling;
  const config = JSON.stringify({ ...network, resampling });
  const { stdout } = await run("/usr/bin/python3", [
    here("bench.py"),
    ...["--config", config, "--mode", mode, "--batch", String(batch)],
    ...["--steps", values.steps, "--warmup", "2", "--threads", values.threads],
  ]);
  return JSON.parse(stdout.trim().split("\n").pop() ?? "") as Measured;
}

const rounds: Record<Mode, { ours: Measured; pytorch: Measured }[]> = { train: [], sample: [] };
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const mode of modes) {
    const pair = { ours: await ours(mode), pytorch: await pytorch(mode) };
    if (pair.ours.parameters !== pair.pytorch.parameters)
      throw new Error(`${pair.ours.parameters} and ${pair.pytorch.parameters} parameters`);
    rounds[mode].push(pair);
    const seconds = (side: Measured) => `${median(side.secondsPerStep).toFixed(3)} s`;
    const line = `ours ${seconds(pair.ours)}, PyTorch ${seconds(pair.pytorch)}`;
    process.stderr.write(`round ${round}, ${mode}: ${line}\n`);
  }
}

function summary(mode: Mode) {
  const pairs = rounds[mode];
  const of = (side: "ours" | "pytorch") => ({
    secondsPerStep: median(pairs.map((pair) => median(pair[side].secondsPerStep))),
    fastestStep: Math.min(...pairs.flatMap((pair) => pair[side].secondsPerStep)),
    peakMemoryBytes: Math.max(...pairs.map((pair) => pair[side].peakMemoryBytes)),
  });
  const [mine, peer] = [of("ours"), of("pytorch")];
  const ratio = median(
    pairs.map((pair) => median(pair.pytorch.secondsPerStep) / median(pair.ours.secondsPerStep)),
  );
  return { ours: mine, pytorch: peer, ratio, ratioOfFastest: peer.fastestStep / mine.fastestStep };
}

const parameters = rounds[modes[0]!][0]?.ours.parameters;
const summaries = modes.map((mode) => [mode, summary(mode)] as const);
if (values.json) {
  const ratios = Object.fromEntries(summaries.map(([mode, { ratio }]) => [`${mode}Ratio`, ratio]));
  const settings = { network: values.network, parameters, batch, threads: Number(values.threads) };
  console.log(
    JSON.stringify({ ...ratios, ...settings, ...Object.fromEntries(summaries) }, undefined, 2),
  );
} else {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  const today = new Date().toISOString().slice(0, 10);
  const rows = (
    mode: Mode,
    { ours: mine, pytorch: peer, ratio, ratioOfFastest }: ReturnType<typeof summary>,
  ) => {
    const step = mode === "train" ? "training step" : "network call";
    const seconds = [mine, peer].map((side) => `${side.secondsPerStep.toFixed(3)} s`);
    const memory = [mine, peer].map((side) => gib(side.peakMemoryBytes));
    const ofMemory = (mine.peakMemoryBytes / peer.peakMemoryBytes).toFixed(2);
    return [
      [step, ...seconds, `**${ratio.toFixed(2)}**`, ratioOfFastest.toFixed(2), "", today],
      ["its peak memory", ...memory, "", "", `**${ofMemory}**`, today],
    ];
  };
  console.log(`${parameters} parameters, batch ${batch}, ${values.threads} threads\n`);
  for (const [mode, of] of summaries)
    for (const row of rows(mode, of)) console.log(`${JSON.stringify(row)},`);
}
