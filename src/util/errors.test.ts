import { describe, expect, it } from "vitest";
import { z } from "zod";
import { PaletteError, reasonOf, UsageError } from "./errors.ts";

it("a reason is one line, of a schema's error too", () => {
  expect(reasonOf(new Error("First.\nSecond."))).toBe("First");
  const { error } = z.object({ a: z.number() }).safeParse({ a: "x" });
  expect(error!.message).toMatch(/^\[\n/);
  expect(reasonOf(error)).toMatch(/^a: .*number/);
  expect(reasonOf("text")).toBe("text");
});

describe("an error for a person", () => {
  it("is one line, whatever a file's name holds", () => {
    const { message } = new PaletteError("a\nb\u001b[31m\u2028.png does not exist.");
    expect(message).toBe("a\\nb\\u001b[31m\\u2028.png does not exist.");
    expect(new UsageError("x\r\n").message).toBe("x\\u000d\\n");
  });

  it("leaves letters of all languages alone", () => {
    expect(new PaletteError("\u00fcber/\u5199\u771f \u{1f3de}.png").message).toBe(
      "\u00fcber/\u5199\u771f \u{1f3de}.png",
    );
  });
});
