import { expect, it } from "vitest";
import { z } from "zod";
import { reasonOf } from "./errors.ts";

it("a reason is one line, of a schema's error too", () => {
  expect(reasonOf(new Error("First.\nSecond."))).toBe("First");
  const { error } = z.object({ a: z.number() }).safeParse({ a: "x" });
  expect(error!.message).toMatch(/^\[\n/);
  expect(reasonOf(error)).toMatch(/^a: .*number/);
  expect(reasonOf("text")).toBe("text");
});
