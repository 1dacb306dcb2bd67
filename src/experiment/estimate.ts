/** How long what is left will take, from how long the like took. */
import { callsOf, type Job } from "./planned.ts";

/** Time spent on some work. */
export interface Spent {
  amount: number;
  seconds: number;
}

/** What was measured so far; nothing yet of what is missing. */
export interface Rates {
  /** Images, by the network as JSON. */
  readonly training: ReadonlyMap<string, Spent>;
  /** Network calls. */
  readonly calls: Spent;
  /** Pictures whose features and numbers were computed. */
  readonly pictures: Spent;
}

/** Adds to what was measured. */
export class Ledger implements Rates {
  readonly training = new Map<string, Spent>();
  readonly calls: Spent = { amount: 0, seconds: 0 };
  readonly pictures: Spent = { amount: 0, seconds: 0 };

  trained(network: object, amount: number, seconds: number): void {
    const key = JSON.stringify(network);
    const spent = this.training.get(key) ?? { amount: 0, seconds: 0 };
    this.training.set(key, add(spent, amount, seconds));
  }

  called(amount: number, seconds: number): void {
    add(this.calls, amount, seconds);
  }

  measured(amount: number, seconds: number): void {
    add(this.pictures, amount, seconds);
  }

  get trainingSeconds(): number {
    return [...this.training.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  }
}

function add(spent: Spent, amount: number, seconds: number): Spent {
  spent.amount += amount;
  spent.seconds += seconds;
  return spent;
}

/**
 * Seconds that jobs will take. A network that was not trained yet is taken for as fast as the
 * others were; undefined where nothing of the kind was measured.
 */
export function secondsFor(jobs: readonly Job[], rates: Rates): number | undefined {
  const all = [...rates.training.values()].reduce((sum, one) => add(sum, one.amount, one.seconds), {
    amount: 0,
    seconds: 0,
  });
  let seconds = 0;
  for (const job of jobs) {
    if (job.kind === "training") {
      const { plan, images } = job.training;
      seconds += images * perUnit(rates.training.get(JSON.stringify(plan.config.network)) ?? all);
    } else {
      const { protocol, samples } = job.set;
      const calls = callsOf(job.set);
      seconds += calls === 0 ? 0 : calls * perUnit(rates.calls);
      seconds += protocol.crops * samples * perUnit(rates.pictures);
    }
  }
  return Number.isFinite(seconds) ? seconds : undefined;
}

function perUnit({ amount, seconds }: Spent): number {
  return amount > 0 ? seconds / amount : Number.NaN;
}
