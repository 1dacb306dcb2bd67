/** Bytes for people. */
import { text } from "../i18n/index.ts";

/** As megabytes: one digit behind the point below ten. */
export function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** How far the download of a model is. */
export function fetchingText({
  done,
  total,
}: {
  done: number;
  total?: number | undefined;
}): string {
  const whole = total === undefined ? undefined : megabytes(total);
  return text.value.run.fetching(megabytes(done), whole);
}
