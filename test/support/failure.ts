import { expect } from "vitest";
import { PaletteError } from "../../src/util/errors.ts";

/** The one line of the PaletteError that `work` ends with. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(PaletteError);
  const { message } = thrown as PaletteError;
  expect(message).not.toContain("\n");
  return message;
}
