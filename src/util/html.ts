/** HTML and SVG from templates in which every inserted text is escaped. */

/** Text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Insert = string | number | undefined | Markup | readonly Insert[];

/**
 * A piece of HTML or SVG: strings are escaped, so that a file's or a model's name is never read as
 * a tag or an attribute; lists are joined; undefined is nothing. Attributes stand in double quotes.
 */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  let text = parts[0]!;
  for (const [i, insert] of inserts.entries()) text += textOf(insert) + parts[i + 1]!;
  return new Markup(text);
}

function textOf(insert: Insert): string {
  if (insert === undefined) return "";
  if (insert instanceof Markup) return insert.text;
  if (typeof insert === "object") return insert.map(textOf).join("");
  return escapeHtml(String(insert));
}

const names: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Letters with a meaning become entities; control characters, which HTML forbids, a sign. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (letter) => names[letter]!)
    .replace(/[^\P{Cc}\t\n]/gu, "\u{fffd}");
}
