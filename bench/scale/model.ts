/**
 * What a training on many machines takes, by formulae: rooflines, ring collectives, checkpoints
 * against failures. Seconds and bytes throughout.
 */

/** What a step asks of a card. */
export interface StepCost {
  readonly flops: number;
  /** Bytes to and from the card's memory. */
  readonly traffic: number;
  /** Bytes between the card and its machine. */
  readonly transfer: number;
}

export interface Peaks {
  readonly flops: number;
  readonly bandwidth: number;
  readonly bus?: number;
}

export type Limit = "arithmetic" | "memory" | "bus";

/** The least time of a step, and what sets it (Williams et al., "Roofline"); all three overlap. */
export function roofline(step: StepCost, card: Peaks): { seconds: number; limit: Limit } {
  const times: readonly (readonly [Limit, number])[] = [
    ["arithmetic", step.flops / card.flops],
    ["memory", step.traffic / card.bandwidth],
    ["bus", card.bus === undefined ? 0 : step.transfer / card.bus],
  ];
  const [limit, seconds] = times.reduce((most, one) => (one[1] > most[1] ? one : most));
  return { seconds, limit };
}

export interface Link {
  /** Seconds until the first byte of a message arrives. */
  readonly latency: number;
  /** Bytes a second, each way. */
  readonly bandwidth: number;
}

/**
 * A ring reduce-scatter, or an allgather, of a vector over `ranks`: ranks - 1 rounds, in each of
 * which every rank sends one part (Thakur et al., "Optimization of Collective Communication
 * Operations in MPICH").
 */
export function ringSeconds(bytes: number, ranks: number, { latency, bandwidth }: Link): number {
  return (ranks - 1) * (latency + bytes / ranks / bandwidth);
}

/**
 * Bytes that each rank sends in a step: reduce-scatter of the gradient, allgather of the weights.
 */
export function bytesSent(vector: number, ranks: number): number {
  return (2 * vector * (ranks - 1)) / ranks;
}

export interface RankStep {
  /** Bytes of the gradient, which are those of the weights. */
  readonly vector: number;
  readonly ranks: number;
  readonly link: Link;
  /** Seconds of forward and backward pass of this rank's images. */
  readonly compute: number;
  /** Seconds of work that the messages go on beside: sums within a rank, the optimizer. */
  readonly beside: number;
}

/** Seconds of an update: messages are waited for as far as they outlast the work beside them. */
export function updateSeconds({ vector, ranks, link, compute, beside }: RankStep): number {
  return compute + Math.max(beside, 2 * ringSeconds(vector, ranks, link));
}

/**
 * Bytes that a rank holds: the weights, its parts of average and two moments, and the gradient
 * twice (its own, and the engine's).
 */
export function bytesPerRank(vector: number, ranks: number): number {
  return vector * (1 + 3 / ranks + 2);
}

/** Seconds of work between checkpoints that waste least, to first order (Young; Daly). */
export function checkpointInterval(checkpoint: number, mtbf: number): number {
  return Math.sqrt(2 * checkpoint * mtbf);
}

export interface Failures {
  /** Seconds of work between checkpoints, of writing one, and of starting again. */
  readonly interval: number;
  readonly checkpoint: number;
  readonly restart: number;
  /** Mean seconds between failures of the whole; they come without memory. */
  readonly mtbf: number;
}

/** Expected seconds for each second of work (Daly, "A higher order estimate", 2006). */
export function slowdown({ interval, checkpoint, restart, mtbf }: Failures): number {
  const segment = Math.expm1((interval + checkpoint) / mtbf);
  return (mtbf * Math.exp(restart / mtbf) * segment) / interval;
}

/**
 * The same, played through: seconds until `work` seconds of work are done and kept.
 * @param random numbers in [0, 1)
 */
export function playedRun(work: number, failures: Failures, random: () => number): number {
  const { interval, checkpoint, restart, mtbf } = failures;
  const untilFailure = () => -mtbf * Math.log1p(-random());
  let [now, kept] = [0, 0];
  let left = untilFailure();
  /** Whether so many seconds pass without a failure; if not, the time until it has passed. */
  const passes = (seconds: number): boolean => {
    const whole = seconds <= left;
    const passed = whole ? seconds : left;
    now += passed;
    left = whole ? left - passed : untilFailure();
    return whole;
  };
  while (kept < work) {
    const part = Math.min(interval, work - kept);
    if (passes(part + checkpoint)) kept += part;
    // It may fail while it starts.
    else while (!passes(restart));
  }
  return now;
}
