/** Progress for people: a line that is rewritten on a terminal, a line every 10 seconds elsewhere. */
import { clearLine, cursorTo } from "node:readline";
import type { Clock, Progress, Reporter } from "../training/options.ts";
import { counted, duration, quantity } from "../util/format.ts";
import { mean } from "../util/mean.ts";

/** Milliseconds between reports. */
const everyOnTerminal = 500;
const everyElsewhere = 10_000;
/** Parts are shown of what takes longer than this. */
const partsAfter = 2_000;
/** Share of an update in the running means. */
const newest = 0.05;

export interface ReportOptions {
  /** Names of the tasks in the order to show them. */
  readonly tasks: readonly string[];
  readonly images?: number;
  readonly hours?: number;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Reports to a stream, usually stderr. */
export class ProgressReporter implements Reporter {
  private readonly options: ReportOptions;
  private readonly output: Output & NodeJS.WritableStream;
  private readonly means = new Map<string, number>();
  private last = Number.NEGATIVE_INFINITY;
  private began = 0;
  private rewriting = false;

  constructor(options: ReportOptions, output: Output & NodeJS.WritableStream = process.stderr) {
    this.options = options;
    this.output = output;
  }

  line(text: string): void {
    this.wipe();
    this.output.write(`${text}\n`);
  }

  progress(progress: Progress): void {
    this.mix("loss", mean(progress.losses));
    this.mix("gradient", progress.gradientNorm);
    progress.losses.forEach((loss, k) => {
      this.mix(progress.tasks[k]!, loss);
    });
    const first = this.last === Number.NEGATIVE_INFINITY;
    // The first update tells nothing about the speed yet.
    if (this.due() && !first) this.show(this.describe(progress));
  }

  part(what: string, done: number, total: number): void {
    const now = performance.now();
    if (done === 0) this.began = now;
    const seconds = (now - this.began) / 1000;
    if (1000 * seconds < partsAfter || !this.due()) return;
    const rest = duration((seconds * (total - done)) / done);
    this.show(`${counted(done)} of ${counted(total)} ${what}  ${rest} left`);
  }

  /** Whether it is time for the next report. */
  private due(): boolean {
    const now = performance.now();
    if (now - this.last < (this.output.isTTY ? everyOnTerminal : everyElsewhere)) return false;
    this.last = now;
    return true;
  }

  private show(text: string): void {
    if (!this.output.isTTY) {
      this.output.write(`${text}\n`);
      return;
    }
    this.wipe();
    this.output.write(text.slice(0, (this.output.columns ?? 80) - 1));
    this.rewriting = true;
  }

  /** Leaves the terminal on a fresh line. */
  end(): void {
    this.wipe();
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

  private wipe(): void {
    if (!this.rewriting) return;
    clearLine(this.output, 0);
    cursorTo(this.output, 0);
    this.rewriting = false;
  }
}
