import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startProgress } from "./progress.ts";

describe("progress without a terminal", () => {
  const lines: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    Object.defineProperty(process.stderr, "isTTY", { value: false, configurable: true });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    lines.length = 0;
  });

  /** Steps done at second s: `speed` a second on top of those `taken` over at once. */
  function run(total: number, speed: number, taken: number, seconds: number): string[] {
    const progress = startProgress("measuring", total);
    progress.update(taken);
    for (let s = 1; s <= seconds; s++) {
      vi.advanceTimersByTime(1000);
      progress.update(taken + speed * s);
    }
    progress.stop();
    return [...lines];
  }

  it("is silent for two seconds, then says a line at doubled distances", () => {
    expect(run(100, 1, 0, 1)).toEqual([]);
    const said = run(100, 1, 0, 9);
    expect(said.map((line) => /\((\d+) s/.exec(line)?.[1])).toEqual(["2", "4", "8"]);
  });

  it("guesses by what was done since, not by what an earlier call has left", () => {
    expect(run(1000, 10, 600, 33).at(-1)).toMatch(/\(32 s, about \ds to go\)/);
    lines.length = 0;
    expect(run(1000, 10, 0, 17).at(-1)).toMatch(/\(16 s, about 1m to go\)/);
  });
});
