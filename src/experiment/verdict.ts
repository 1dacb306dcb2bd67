/** What an interval says about an expectation, and a study's sentence. */
import { quantity } from "../util/format.ts";
import type { Effect } from "./effect.ts";
import { metrics } from "./metrics.ts";
import type { Comparison } from "./study-file.ts";

/** "open": cannot be told at this size. */
export type Outcome = "holds" | "fails" | "open";

/**
 * Whether an effect is as expected, by its interval alone. Without an interval nothing can be told.
 */
export function outcomeOf(
  { low, high }: Effect,
  { as, expect, margin }: Pick<Comparison, "as" | "expect" | "margin">,
): Outcome {
  if (low === undefined || high === undefined) return "open";
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "open";
  const neutral = as === "ratio" ? 1 : 0;
  switch (expect) {
    case "lower":
      return high < neutral + margin ? "holds" : low > neutral + margin ? "fails" : "open";
    case "higher":
      return low > neutral - margin ? "holds" : high < neutral - margin ? "fails" : "open";
    case "equal": {
      const [least, most] = [neutral - margin, neutral + margin];
      return low > least && high < most ? "holds" : low > most || high < least ? "fails" : "open";
    }
  }
}

/** All must hold; one that fails decides. */
export function together(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes("fails")) return "fails";
  return outcomes.length > 0 && outcomes.every((one) => one === "holds") ? "holds" : "open";
}

/** What was expected, in words: "below 1.05". */
export function expectation({ as, expect, margin }: Comparison): string {
  const neutral = as === "ratio" ? 1 : 0;
  const number = (value: number) => String(Number(value.toPrecision(6)));
  switch (expect) {
    case "lower":
      return `below ${number(neutral + margin)}`;
    case "higher":
      return `above ${number(neutral - margin)}`;
    case "equal":
      return `${number(neutral - margin)} to ${number(neutral + margin)}`;
  }
}

export interface ComparedRow {
  /** The condition in words. */
  readonly title: string;
  readonly effect: Effect;
  readonly outcome: Outcome;
}

export interface Compared {
  readonly comparison: Comparison;
  readonly rows: readonly ComparedRow[];
  readonly outcome: Outcome;
}

/**
 * The study's one sentence: the verdict, and of each claim the interval that decides it, which is
 * the one of its conditions that is least in favour.
 * @param expected what the claims say together: "The paper's direction"
 */
export function sentenceOf(claims: readonly Compared[], expected: string): string {
  const words: Readonly<Record<Outcome, string>> = {
    holds: `${expected} holds`,
    fails: `${expected} does not hold`,
    open: `Whether ${expected.charAt(0).toLowerCase()}${expected.slice(1)} holds cannot be told`,
  };
  const verdict = together(claims.map(({ outcome }) => outcome));
  return `${words[verdict]} at this size: ${claims.map(claimInWords).join("; ")}.`;
}

function claimInWords({ comparison, rows, outcome }: Compared): string {
  const said = { holds: "holds", fails: "does not hold", open: "cannot be told" }[outcome];
  const row = decisive(rows, comparison);
  if (row === undefined) return `"${comparison.says}" ${said} yet`;
  const count = rows.filter((one) => one.outcome === outcome).length;
  const of = rows.length > 1 ? ` in ${count} of ${quantity(rows.length, "condition")}` : "";
  const name = metrics[comparison.metric].word;
  return `"${comparison.says}" ${said}${of} (${row.title}: ${name}, ${comparison.of} ${comparison.as === "ratio" ? "/" : "−"} ${comparison.against}, ${effectText(row.effect, comparison)}; expected ${expectation(shownExpectation(comparison))})`;
}

/** A margin in the unit in which the metric is shown. */
export function shownExpectation(comparison: Comparison): Comparison {
  if (comparison.as === "ratio") return comparison;
  return { ...comparison, margin: comparison.margin * metrics[comparison.metric].factor };
}

/** "0.92, 95 % 0.88 to 0.97", as the metric is shown. */
export function effectText(
  effect: Effect,
  { as, metric }: Pick<Comparison, "as" | "metric">,
): string {
  const { decimals, factor } = as === "ratio" ? { decimals: 3, factor: 1 } : metrics[metric];
  const number = (value: number) => (value * factor).toFixed(decimals).replace(/^-/, "−");
  const { value, low, high } = effect;
  if (low === undefined || high === undefined) return `${number(value)}, without an interval`;
  return `${number(value)}, 95 % ${number(low)} to ${number(high)}`;
}

/** The row that is least in favour of what is expected. */
function decisive(
  rows: readonly ComparedRow[],
  { as, expect }: Comparison,
): ComparedRow | undefined {
  const neutral = as === "ratio" ? 1 : 0;
  const against = ({ effect: { value, low = value, high = value } }: ComparedRow): number =>
    expect === "lower"
      ? high
      : expect === "higher"
        ? -low
        : Math.max(Math.abs(high - neutral), Math.abs(low - neutral));
  const order: readonly Outcome[] = ["fails", "open", "holds"];
  const sorted = [...rows].sort(
    (a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome) || against(b) - against(a),
  );
  return sorted[0];
}
