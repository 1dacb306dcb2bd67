import { describe, expect, it } from "vitest";
import { Prefetch } from "./batches.ts";

const soon = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

describe("prefetching", () => {
  it("keeps the order and works ahead by a bounded number", async () => {
    const asked: number[] = [];
    const prefetch = new Prefetch(
      async (position) => {
        asked.push(position);
        await soon(position === 30 ? 20 : 0);
        return position;
      },
      { first: 30, stride: 10, depth: 2 },
    );
    expect(await prefetch.next()).toBe(30);
    expect(asked).toEqual([30, 40, 50]);
    expect([await prefetch.next(), await prefetch.next()]).toEqual([40, 50]);
    expect(asked).toEqual([30, 40, 50, 60, 70]);
  });

  it("counts only the time that somebody waited", async () => {
    const prefetch = new Prefetch(async () => soon(50), { first: 0, stride: 1 });
    await prefetch.next();
    expect(prefetch.waited).toBeGreaterThan(40);
    const { waited } = prefetch;
    await soon(120);
    await prefetch.next();
    expect(prefetch.waited - waited).toBeLessThan(20);
  });

  it("hands a failure to whoever takes it, and to nobody else", async () => {
    const prefetch = new Prefetch(
      async (position) => {
        if (position === 1) throw new Error("broken");
        return position;
      },
      { first: 0, stride: 1 },
    );
    expect(await prefetch.next()).toBe(0);
    await soon(5);
    await expect(prefetch.next()).rejects.toThrow("broken");
  });
});
