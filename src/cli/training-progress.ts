/** What a training says to the person who watches: lines, and a status that goes on. */
import type { Clock, Progress, Reporter } from "../training/options.ts";
import { counted, duration, quantity } from "../util/format.ts";
import { mean } from "../util/mean.ts";
import { log } from "./console.ts";
import { startStatus } from "./progress.ts";

/** Milliseconds: parts are shown of what takes longer than this. */
const partsAfter = 2_000;
/** Share of an update in the running means. */
const newest = 0.05;

export interface ReportOptions {
  /** Names of the tasks in the order to show them. */
  readonly tasks: readonly string[];
  readonly images?: number;
  readonly hours?: number;
}

export class TrainingReporter implements Reporter {
  private readonly options: ReportOptions;
  private readonly means = new Map<string, number>();
  private stop: (() => void) | undefined;
  private updates = 0;
  /** What the updates came to, and how far the present one is. */
  private standing = "";
  private partly = "";
  private began = 0;

  constructor(options: ReportOptions) {
    this.options = options;
  }

  line(text: string): void {
    log(text);
  }

  progress(progress: Progress): void {
    this.begin();
    this.mix("loss", mean(progress.losses));
    this.mix("gradient", progress.gradientNorm);
    progress.losses.forEach((loss, k) => {
      this.mix(progress.tasks[k]!, loss);
    });
    this.partly = "";
    // The first update tells nothing about the speed yet.
    if (++this.updates > 1) this.standing = this.describe(progress);
  }

  part(what: string, done: number, total: number): void {
    this.begin();
    const now = performance.now();
    if (done === 0) this.began = now;
    this.partly = "";
    if (done === 0 || now - this.began < partsAfter) return;
    const rest = duration(((now - this.began) / 1000) * (total / done - 1));
    this.partly = `${counted(done)} of ${counted(total)} ${what}  ${rest} left`;
  }

  /** Leaves the terminal on a fresh line. */
  end(): void {
    this.stop?.();
    this.stop = undefined;
  }

  private begin(): void {
    this.stop ??= startStatus(() => [this.partly, this.standing].filter(Boolean).join("  "));
  }

  private describe({ images, clock }: Progress): string {
    const rate = clock.seen / clock.session;
    const shown = (name: string) => this.means.get(name)?.toPrecision(3) ?? "-";
    const tasks = this.options.tasks.map((name) => `${name} ${shown(name)}`).join(", ");
    const waiting = (100 * clock.waited) / clock.session;
    const rest = this.remaining(images, clock, rate);
    return [
      quantity(images, "image"),
      `${rate.toPrecision(3)} images/s`,
      `loss ${shown("loss")} (${tasks})`,
      `gradient ${shown("gradient")}`,
      `waiting ${waiting.toFixed(1)}%`,
      ...(rest === undefined ? [] : [`${duration(rest)} left`]),
    ].join("  ");
  }

  /** Seconds until the first limit. */
  private remaining(images: number, clock: Clock, rate: number): number | undefined {
    const { images: most = Number.POSITIVE_INFINITY, hours = Number.POSITIVE_INFINITY } =
      this.options;
    const seconds = Math.min((most - images) / rate, hours * 3600 - clock.seconds);
    return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
  }

  private mix(name: string, value: number): void {
    const before = this.means.get(name) ?? value;
    this.means.set(name, before + newest * (value - before));
  }
}
