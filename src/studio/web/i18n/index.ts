/** The page's words. A further language is a file like `de.ts` and a line in `dictionaries`. */
import { computed, signal } from "@preact/signals";
import { de } from "./de.ts";
import { type Dictionary, en } from "./en.ts";

export type { Dictionary };

/** By language tag; each says its own name. */
export const dictionaries: Readonly<Record<string, Dictionary>> = { en, de };

export const language = signal("en");

export const text = computed<Dictionary>(() => dictionaries[language.value] ?? en);

/** The first of the browser's languages that there is. */
export function browserLanguage(tags: readonly string[]): string {
  const known = tags.map((tag) => tag.split("-")[0]!).find((tag) => tag in dictionaries);
  return known ?? "en";
}
