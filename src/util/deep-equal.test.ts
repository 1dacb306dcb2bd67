import { expect, it } from "vitest";
import { deepEqual } from "./deep-equal.ts";

it("compares plain data by value, with keys in any order", () => {
  expect(deepEqual({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] })).toBe(true);
  expect(deepEqual({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(deepEqual([1, 2], [2, 1])).toBe(false);
  expect(deepEqual([], {})).toBe(false);
  expect(deepEqual({ a: undefined }, { b: undefined })).toBe(false);
});
