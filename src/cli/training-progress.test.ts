import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProgressReporter } from "./training-progress.ts";

class Screen extends Writable {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 60;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An update every second of 10 images. */
function watch(reporter: ProgressReporter, seconds: number): void {
  for (let second = 1; second <= seconds; second++) {
    vi.advanceTimersByTime(1000);
    reporter.progress({
      images: 10 * second,
      losses: [0.25, 0.75],
      tasks: ["inpaint", "uncrop"],
      gradientNorm: 2,
      clock: { seconds: second, session: second, seen: 10 * second, waited: second / 50 },
    });
  }
}

describe("progress", () => {
  it("is a plain line every 10 seconds where nobody watches", () => {
    const screen = new Screen(false);
    const reporter = new ProgressReporter({ tasks: ["inpaint", "uncrop"], images: 1300 }, screen);
    watch(reporter, 35);
    reporter.end();
    const lines = screen.text.trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      "110 images  10.0 images/s  loss 0.500 (inpaint 0.250, uncrop 0.750)  gradient 2.00  waiting 2.0%  2m left",
    );
  });

  it("is one line, no wider than the terminal, that other lines replace", () => {
    const screen = new Screen(true);
    const reporter = new ProgressReporter({ tasks: ["inpaint"], hours: 1 }, screen);
    watch(reporter, 3);
    expect(screen.text).not.toContain("\n");
    const last = screen.text.slice(screen.text.lastIndexOf("30 images"));
    expect(last.length).toBeLessThan(60);
    reporter.line("photo skipped: x.jpg");
    expect(screen.text.endsWith("\u001b[1Gphoto skipped: x.jpg\n")).toBe(true);
  });

  it("says what is left until the first limit", () => {
    const screen = new Screen(false);
    const reporter = new ProgressReporter({ tasks: [], images: 1e9, hours: 2 }, screen);
    watch(reporter, 11);
    expect(screen.text).toContain("2h 00m left");
  });

  it("shows the parts of what takes more than two seconds", () => {
    const screen = new Screen(false);
    const reporter = new ProgressReporter({ tasks: ["inpaint"] }, screen);
    for (const seconds of [0.1, 60]) {
      for (let done = 0; done <= 4; done++) {
        if (done > 0) vi.advanceTimersByTime(1000 * seconds);
        reporter.part("images of this update", done, 4);
      }
    }
    expect(screen.text.trim().split("\n")).toEqual([
      "1 of 4 images of this update  3m left",
      "2 of 4 images of this update  2m left",
      "3 of 4 images of this update  1m left",
      "4 of 4 images of this update  0s left",
    ]);
  });
});
