import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TrainingReporter } from "./training-progress.ts";

let written = "";
let terminal = false;
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
  Object.defineProperty(process.stderr, "isTTY", { get: () => terminal, configurable: true });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Object.defineProperty(process.stderr, "isTTY", { value: false, configurable: true });
  [written, terminal] = ["", false];
});

const lines = () => written.split("\n").slice(0, -1);

/** An update every second of 10 images. */
function watch(reporter: TrainingReporter, seconds: number): void {
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

describe("the progress of a training", () => {
  it("is a plain line at growing distances where nobody watches, one after each update at most", () => {
    const reporter = new TrainingReporter({ tasks: ["inpaint", "uncrop"], images: 1300 });
    watch(reporter, 35);
    reporter.end();
    expect(lines().map((line) => line.split(" ")[0])).toEqual(["20", "40", "80", "160", "320"]);
    expect(lines()[2]).toBe(
      "80 images  10.0 images/s  loss 0.500 (inpaint 0.250, uncrop 0.750)  gradient 2.00  waiting 2.0%  2m left",
    );
    vi.advanceTimersByTime(100_000);
    expect(lines()).toHaveLength(5);
  });

  it("is one line at the end of a terminal, above which other lines stand", () => {
    terminal = true;
    const reporter = new TrainingReporter({ tasks: ["inpaint"], hours: 1 });
    watch(reporter, 4);
    vi.advanceTimersByTime(500);
    expect(lines()).toEqual([]);
    expect(written).toContain("40 images  10.0 images/s  loss 0.500");
    reporter.line("photo skipped: x.jpg");
    vi.advanceTimersByTime(500);
    expect(lines()).toEqual([expect.stringMatching(/photo skipped: x\.jpg$/)]);
    reporter.end();
    reporter.line("done");
    expect(written.endsWith("done\n")).toBe(true);
  });

  it("says what is left until the first limit", () => {
    const reporter = new TrainingReporter({ tasks: [], images: 1e9, hours: 2 });
    watch(reporter, 11);
    reporter.end();
    expect(written).toContain("2h 00m left");
  });

  it("shows the parts of what takes more than two seconds", () => {
    const reporter = new TrainingReporter({ tasks: ["inpaint"] });
    for (const seconds of [0.1, 40]) {
      for (let done = 0; done <= 4; done++) {
        if (done > 0) vi.advanceTimersByTime(1000 * seconds);
        reporter.part("images of this update", done, 4);
      }
    }
    reporter.end();
    expect(lines()).toEqual([
      "1 of 4 images of this update  2m left",
      "2 of 4 images of this update  1m left",
      "3 of 4 images of this update  40s left",
      "3 of 4 images of this update  40s left",
    ]);
  });
});
