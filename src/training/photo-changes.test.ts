import { describe, expect, it } from "vitest";
import { photoChanges } from "./photo-changes.ts";

const list = (...photos: string[]) =>
  photos.map((text) => {
    const [name = "", fingerprint = "1"] = text.split(" ");
    return { name, fingerprint };
  });

describe("photos since a run began", () => {
  it.each([
    [list("a.jpg"), list("a.jpg", "b.jpg"), "1 came (b.jpg)"],
    [list("a.jpg", "x/b.jpg"), list("a.jpg"), "1 went (x/b.jpg)"],
    [list("a.jpg 1", "b.jpg"), list("a.jpg 2", "b.jpg"), "1 changed (a.jpg)"],
    [
      list("a 1", "b", "c"),
      list("a 2", "d", "e", "f", "g"),
      "4 came (d, e, f, ...), 2 went (b, c), 1 changed (a)",
    ],
    // Two of one name: one has changed, one went.
    [list("x/1 1", "y/1 2"), list("x/1 3"), "1 went (y/1), 1 changed (x/1)"],
    // Where they lie does not matter.
    [list("a.jpg"), list("deep/a.jpg"), undefined],
  ])("%j -> %j", (before, now, words) => {
    expect(photoChanges(before, now)).toBe(words);
  });
});
