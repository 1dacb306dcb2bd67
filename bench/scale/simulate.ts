/**
 * The paper's run on many machines: what it takes in all, and its throughput against ranks, from
 * measured or modelled compute and a modelled network.
 */
import { Random } from "../../src/util/random.ts";
import type { CountedStep } from "./cost.ts";
import {
  bytesPerRank,
  bytesSent,
  checkpointInterval,
  type Link,
  playedRun,
  roofline,
  slowdown,
  updateSeconds,
} from "./model.ts";
import { bytes, count, dollars, percent, seconds, table } from "./text.ts";

/** The paper: batch 1024, a million updates. */
const batch = 1024;
const updates = 1e6;

/** What stands for a rank. */
export interface RankKind {
  readonly name: string;
  /** Seconds of forward and backward pass for an image. */
  readonly image: number;
  /** Seconds in which weights and gradient cross the bus between a card and its machine. */
  readonly exchange: number;
  /** Seconds of sums and optimizer where one rank does all of it. */
  readonly optimizer: number;
  /** Dollars an hour, assumed on 2026-11-27: see docs/scale.md. */
  readonly price: number;
  readonly ranks: readonly number[];
  readonly links: readonly (Link & { readonly name: string })[];
}

/** Assumed of all networks: TCP or RDMA within a rack. */
const links = {
  fast: { name: "100 Gb/s, 5 us", latency: 5e-6, bandwidth: 12.5e9 },
  slow: { name: "10 Gb/s, 50 us", latency: 50e-6, bandwidth: 1.25e9 },
};

/** Of what a roofline allows, assumed of convolutions written in WGSL or by ONNX Runtime. */
const shareOfPeak = 0.4;
/** One failure in so many seconds of a rank: 419 in 54 days of 16,384 GPUs (Llama 3, 2024). */
const mtbfOfRank = (54 * 86_400 * 16_384) / 419;
/** Bytes a second of the disk that takes checkpoints, and seconds until a run goes on; assumed. */
const disk = 1e9;
const restart = 300;
/** Bytes of a photo in a shard, JPEG of 288 pixels' short side; assumed. */
const photo = 40e3;
const photos = 1.28e6 + 1.8e6;

interface CardPeaks {
  readonly flops: number;
  readonly bandwidth: number;
  readonly bus?: number;
}

/** Ranks of the cards, modelled, and of two cores, measured. */
export function rankKinds(
  step: CountedStep,
  { h100, rtx4090 }: { readonly h100: CardPeaks; readonly rtx4090: CardPeaks },
): RankKind[] {
  const vector = 4 * step.parameters;
  const modelled = (card: CardPeaks) => ({
    image: roofline({ ...step, transfer: 0 }, card).seconds / step.batch / shareOfPeak,
    exchange: (2 * vector) / (card.bus ?? Number.POSITIVE_INFINITY),
    optimizer: (9 * vector) / card.bandwidth,
  });
  return [
    {
      name: "H100, modelled",
      ...modelled(h100),
      price: 2.5,
      ranks: [8, 32, 128, 512],
      links: [links.fast, links.slow],
    },
    {
      name: "RTX 4090, modelled",
      ...modelled(rtx4090),
      price: 0.4,
      ranks: [8, 32, 128, 512],
      links: [links.slow],
    },
    {
      // docs/results/speed.md: 64 s for a step of one image; the optimizer's 0.08 s for 16.4M
      // weights.
      name: "2 CPU cores, measured",
      image: 64,
      exchange: 0,
      optimizer: (0.08 * step.parameters) / 16.4e6,
      price: 0.08,
      ranks: [128, 1024],
      links: [links.slow],
    },
  ];
}

export function planTables(step: CountedStep, kinds: readonly RankKind[]): Record<string, string> {
  const vector = 4 * step.parameters;
  const images = batch * updates;
  const checkpoint = 4 * vector;
  const write = checkpoint / disk;
  const operations = (step.flops / step.batch) * images;
  const rows = kinds.flatMap((kind) =>
    kind.links.flatMap((link) => kind.ranks.map((ranks) => simulated(kind, link, ranks))),
  );

  function simulated(kind: RankKind, link: RankKind["links"][number], ranks: number): string[] {
    const compute = (kind.image * batch) / ranks + kind.exchange;
    const beside = kind.optimizer / ranks;
    const update = updateSeconds({ vector, ranks, link, compute, beside });
    const ideal = (kind.image * batch + kind.optimizer) / ranks;
    const mtbf = mtbfOfRank / ranks;
    const failures = {
      ...{ interval: checkpointInterval(write, mtbf), checkpoint: write, restart, mtbf },
    };
    const lost = slowdown(failures);
    const random = Random.from("scale", kind.name, link.name, ranks);
    const played = playedRun(update * updates, failures, () => random.between(0, 1));
    const hours = (played * ranks) / 3600;
    return [
      `${ranks} x ${kind.name}, ${link.name}`,
      seconds(update),
      percent(ideal / update),
      `${Math.round(batch / update).toLocaleString("en-US")} images/s`,
      `${seconds(failures.interval)} (${percent(lost - 1)})`,
      seconds(played),
      dollars(kind.price * hours),
    ];
  }

  return {
    plan: table(
      ["the paper's run", ""],
      [
        ["images", `${images.toExponential(3)}: ${updates.toExponential(0)} updates of ${batch}`],
        ["operations", count(operations)],
        ["weights", bytes(vector)],
        [
          "training state of a rank, without maps (1 rank; 8; 128)",
          [1, 8, 128].map((ranks) => bytes(bytesPerRank(vector, ranks))).join("; "),
        ],
        ["maps of one image, `--recompute`", bytes(step.held - 7 * vector)],
        [
          "sent by each rank in an update (8; 128)",
          [8, 128].map((ranks) => bytes(bytesSent(vector, ranks))).join("; "),
        ],
        ["checkpoint, and the seconds to write it", `${bytes(checkpoint)}, ${seconds(write)}`],
        ["shards of ImageNet and Places2", `${bytes(photos * photo)}`],
        ["failures: mean time of a rank", seconds(mtbfOfRank)],
      ],
    ),
    simulation: table(
      [
        "ranks",
        "an update",
        "of ideal",
        "throughput",
        "checkpoint every (lost)",
        "the whole run",
        "cost",
      ],
      rows,
    ),
  };
}
