import { describe, expect, it } from "vitest";
import { parseFileWeights, photoWeights } from "./weights.ts";

describe("a file of weights", () => {
  it("has a glob and a weight a line, with comments", () => {
    const text = "# shops\ngrocery-* 0.4\n\nmy photo *.jpg, 2   # mine\n*.webp\t0\r\n";
    expect(parseFileWeights(text, "w.txt")).toEqual([
      { glob: "grocery-*", weight: 0.4 },
      { glob: "my photo *.jpg", weight: 2 },
      { glob: "*.webp", weight: 0 },
    ]);
  });

  it.each(["grocery-*", "0.4", "grocery-* much", "grocery-* 1.2.3"])(
    "names the line that it cannot read: %s",
    (line) => {
      expect(() => parseFileWeights(`a* 1\n${line}`, "w.txt")).toThrow(
        `Line 2 of w.txt is not a glob and a weight, such as "grocery-* 0.4": ${line}`,
      );
    },
  );
});

describe("weights of photos", () => {
  const photos = ["/a/cat-1.jpg", "/a/dog-1.jpg", "/b/cat-2.jpg", "/b/Cow.png"];

  it("are the folder's times that of the first glob that matches the file name", () => {
    const folder = (photo: string) => (photo.startsWith("/b/") ? 3 : 1);
    const files = [
      { glob: "cat-2*", weight: 0.5 },
      { glob: "{cat,dog}-*", weight: 2 },
    ];
    expect(photoWeights(photos, folder, files)).toEqual([2, 2, 1.5, 3]);
    expect(photoWeights(photos, folder)).toEqual([1, 1, 3, 3]);
  });

  it("refuses what matches nothing and what is no weight", () => {
    const one = () => 1;
    expect(() => photoWeights(photos, one, [{ glob: "horse*", weight: 1 }])).toThrow(/horse\*/);
    expect(() => photoWeights(photos, () => -1)).toThrow(/at least 0, not -1/);
    expect(() => photoWeights(photos, () => Number.NaN)).toThrow(/not NaN/);
  });
});
