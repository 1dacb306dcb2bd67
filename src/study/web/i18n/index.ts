/** The page's words, in the languages of the studio. */
import { computed } from "@preact/signals";
import { language } from "../../../studio/web/i18n/index.ts";
import { de } from "./de.ts";
import { en, type Words } from "./en.ts";

/** By language tag; each says its own name. */
export const words: Readonly<Record<string, Words>> = { en, de };

export const text = computed<Words>(() => words[language.value] ?? en);
