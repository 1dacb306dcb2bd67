/** How fast this machine is at what an experiment lacks, measured in some seconds. */
import { Ledger, type Rates } from "../experiment/estimate.ts";
import type { Job } from "../experiment/planned.ts";
import { createImage } from "../image/image.ts";
import { imagesPerUpdate } from "../models/settings/optimizer.ts";
import type { NetworkConfig } from "../nn/network.ts";
import type { Device } from "../runtime/runtime.ts";
import { Random } from "../util/random.ts";
import { measureThroughput } from "./benchmark/throughput.ts";
import { type ChosenNetworks, openFoundNetwork } from "./feature-networks.ts";

export interface RateOptions {
  readonly threads: number;
  readonly device?: Device;
  readonly networks: ChosenNetworks;
}

/**
 * Training steps of each network, calls of the first, features of some pictures. Bootstraps and FID
 * are not measured: a set of 2,000 crops takes some 10 to 25 seconds more.
 */
export async function measureRates(jobs: readonly Job[], options: RateOptions): Promise<Rates> {
  const { threads, device } = options;
  const ledger = new Ledger();
  const seen = new Map<string, { network: NetworkConfig; batch: number }>();
  for (const job of jobs) {
    const source = job.kind === "training" ? job.training : job.set.source;
    if (typeof source === "string") continue;
    const { network, optimizer } = source.plan.config;
    seen.set(JSON.stringify(network), { network, batch: imagesPerUpdate(optimizer) });
  }
  const timed = { threads, ...(device && { device }), warmUp: 2 } as const;
  for (const { network, batch } of seen.values()) {
    const { imagesPerSecond } = await measureThroughput({
      ...{ ...timed, network, batch, mode: "train", steps: 8 },
    });
    ledger.trained(network, imagesPerSecond, 1);
  }
  const [first] = seen.values();
  if (first !== undefined) {
    const { imagesPerSecond } = await measureThroughput({
      ...{ ...timed, network: first.network, batch: 8, mode: "sample", steps: 12 },
    });
    ledger.called(imagesPerSecond, 1);
  }
  const seconds = await featureSeconds(options, first?.network.resolution ?? 32);
  ledger.measured(1, seconds);
  return ledger;
}

/** Of one picture; 0 without a feature network. */
async function featureSeconds({ threads, networks }: RateOptions, side: number): Promise<number> {
  if (networks.features === undefined) return 0;
  const network = await openFoundNetwork(networks.features, { engines: threads });
  try {
    const count = 16 * threads;
    const images = Array.from({ length: count }, (_, k) => {
      const image = createImage(side, side);
      Random.from("rates", k).fillNormal(image.data);
      return image;
    });
    await network.run(images.slice(0, threads));
    const start = performance.now();
    await network.run(images);
    return (performance.now() - start) / 1000 / count;
  } finally {
    await network.dispose();
  }
}
