/** What came of a case, and what is wrong with it. */
import type { Case } from "./cases.ts";

/** How a command or a call ended. */
export interface Ending {
  /** The exit code; null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export const faultKinds = [
  "crash",
  "hang",
  "wrong exit code",
  "not one line",
  "half a file",
  "leftovers",
  "input changed",
  "memory",
] as const;

export interface Fault {
  readonly kind: (typeof faultKinds)[number];
  readonly detail: string;
}

/** What the command says of an error that nobody foresaw. */
const unexpected = /^palette: unexpected: .*/m;
const progress = /^.* \(\d+ s(, about [^)]*)?\)$/;

/** Faults that the ending itself shows. */
export function faultsOf({ codes, run }: Case, { code, stderr }: Ending): Fault[] {
  const surprise = unexpected.exec(stderr)?.[0];
  if (surprise !== undefined) return [{ kind: "crash", detail: surprise }];
  if (code === null || ![0, 1, 2].includes(code))
    return [{ kind: "crash", detail: `exit code ${code}: ${stderr.slice(-300)}` }];
  const faults: Fault[] = [];
  const lines = stderr.split("\n").filter((line) => line !== "" && !progress.test(line));
  if (!codes.includes(code)) {
    const detail = `${code} instead of ${codes.join(" or ")}: ${lines.at(-1) ?? "not a word"}`;
    faults.push({ kind: "wrong exit code", detail });
  }
  const isHelp = "argv" in run && /^Usage: /m.test(stderr);
  const refusals = lines.filter((line) => line.startsWith("palette: "));
  const right = code === 0 ? 0 : 1;
  if (!isHelp && (refusals.length !== right || (right === 1 && lines.at(-1) !== refusals[0])))
    faults.push({ kind: "not one line", detail: lines.slice(-4).join("\u23ce") || "not a word" });
  return faults;
}
