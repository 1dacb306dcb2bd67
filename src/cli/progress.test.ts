import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { log } from "./console.ts";
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

/** Control sequences, and characters. */
const codes = new RegExp(`${String.fromCharCode(27)}(\\[[?\\d;]*[A-Za-z]|.)|(.)`, "gs");

describe("progress on a terminal", () => {
  let written = "";
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      written += String(text);
      return true;
    });
    Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    Object.defineProperty(process.stderr, "isTTY", { value: false, configurable: true });
    written = "";
  });

  /** What stands on the terminal, line by line, of the control sequences that are used. */
  function screen(): string[] {
    const rows = [""];
    let column = 0;
    for (const [, sequence, character] of written.matchAll(codes)) {
      const row = rows.length - 1;
      if (sequence === "[1G" || character === "\r") column = 0;
      else if (sequence === "[0J" || sequence === "[0K") rows[row] = rows[row]!.slice(0, column);
      else if (sequence === "[2K") rows[row] = "";
      else if (sequence !== undefined) expect(sequence).toMatch(/^\[(\?\d+[hl]|0[A-D])$/);
      else if (character === "\n") column = rows.push("") && 0;
      else {
        const text = rows[row]!.padEnd(column);
        rows[row] = text.slice(0, column) + character + text.slice(column + 1);
        column++;
      }
    }
    return rows;
  }

  it("leaves nothing behind, and what is said meanwhile stands above it", () => {
    log("before");
    const progress = startProgress("photo.jpg", 6);
    log("photo.jpg was saved at JPEG quality 15.");
    vi.advanceTimersByTime(500);
    progress.update(2.5);
    vi.advanceTimersByTime(500);
    const [first, second, third, ...others] = screen();
    expect([first, second, others]).toEqual([
      "before",
      "photo.jpg was saved at JPEG quality 15.",
      [],
    ]);
    expect(third).toMatch(/^photo\.jpg .* 2\/6 /);
    log("a last word");
    progress.stop();
    log("after");
    expect(screen()).toEqual([first, second, "a last word", "after", ""]);
  });
});
