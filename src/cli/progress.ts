/**
 * Progress on stderr: a bar on a terminal; elsewhere a plain line when something takes more than
 * two seconds, and further ones at growing distances, so that a log stays short.
 */
import { MultiBar, type Options } from "cli-progress";
import { duration } from "../util/format.ts";
import { writeLinesWith } from "./console.ts";

const firstLineAfter = 2_000;
const longestPause = 30_000;

export interface Progress {
  /**
   * `done` of the total is done; parts of a step count for the bar and the time, and are not
   * written.
   */
  update(done: number, total?: number): void;
  /** Leaves nothing on the terminal. */
  stop(): void;
}

/** Starts to show progress; whoever starts it must stop it. */
export function startProgress(label: string, total: number): Progress {
  const format = `${shorten(label)} {bar} {value}/{total}  {duration_formatted} gone, {eta_formatted} to go`;
  return process.stderr.isTTY ? startBar(format, total) : startLines(label, total);
}

/**
 * Starts to show a text that changes, in the same ways, while it is not empty.
 * @returns what stops it
 */
export function startStatus(text: () => string): () => void {
  return process.stderr.isTTY ? startBar(text, 1).stop : announce(text);
}

/** Shows that `work`, of unknown length, goes on when it takes more than two seconds. */
export async function whileWaiting<T>(label: string, work: Promise<T>): Promise<T> {
  const stop = announce((seconds) => `${label} (${seconds} s)`);
  try {
    return await work;
  } finally {
    stop();
  }
}

/** Shows the progress of `work`, which tells it; the total is 1 until it says another. */
export async function withProgress<T>(
  label: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const progress = startProgress(label, 1);
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}

function startBar(format: Options["format"], total: number): Progress {
  const options: Options = {
    format,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: "\u2588",
    barIncompleteChar: "\u2591",
    formatValue: (value, _, type) => String(type === "value" ? Math.floor(value) : value),
  };
  // A single one of these: it alone can write lines above itself.
  const bars = new MultiBar(options);
  const bar = bars.create(total, 0);
  const release = writeLinesWith((line) => bars.log(`${line}\n`));
  return {
    update(done, newTotal) {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      bar.update(done);
    },
    stop() {
      release();
      // What was said since the last time it was drawn.
      bars.update();
      bars.stop();
    },
  };
}

function startLines(label: string, total: number): Progress {
  let [done, all] = [0, total];
  // What the lines before said. The speed is that of the later half of the time: what an earlier
  // call of the command has left is taken over at once.
  const said = [{ seconds: 0, done: 0 }];
  const toGo = (seconds: number): number | undefined => {
    const since = said.findLast((mark) => mark.seconds <= seconds / 2)!;
    said.push({ seconds, done });
    const share = (done - since.done) / (all - since.done);
    // Early guesses are worse than none.
    if (!(share >= 0.02) || done >= all) return undefined;
    return ((seconds - since.seconds) * (1 - share)) / share;
  };
  const stop = announce((seconds) => {
    const rest = toGo(seconds);
    const guess = rest === undefined ? "" : `, about ${duration(rest)} to go`;
    return `${label}: step ${Math.floor(done)} of ${all} (${seconds} s${guess})`;
  });
  return {
    update(nowDone, nowTotal = all) {
      [done, all] = [nowDone, nowTotal];
    },
    stop,
  };
}

/**
 * Writes lines, but no empty ones, after 2, 4, 8, 16, 32 seconds and then every 30, until the
 * returned function is called.
 */
function announce(line: (seconds: number) => string): () => void {
  const start = performance.now();
  let timer: NodeJS.Timeout;
  const wait = (pause: number) => {
    timer = setTimeout(() => {
      const text = line(Math.round((performance.now() - start) / 1000));
      if (text) process.stderr.write(`${text}\n`);
      wait(Math.min(performance.now() - start, longestPause));
    }, pause);
  };
  wait(firstLineAfter);
  return () => clearTimeout(timer);
}

/** A label must leave room for the bar on a narrow terminal. */
function shorten(label: string): string {
  return label.length <= 32 ? label : `${label.slice(0, 31)}\u2026`;
}
