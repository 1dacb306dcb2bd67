/** Errors meant for the person at the keyboard: one line that says what is wrong and what to do. */

/** Bad input, a bad file, an impossible wish. The command prints the message alone and exits 1. */
export class PaletteError extends Error {
  override readonly name: string = "PaletteError";

  constructor(message: string, options?: ErrorOptions) {
    super(inOneLine(message), options);
  }
}

/** The command or the library was called wrongly. The command prints the message and exits 2. */
export class UsageError extends PaletteError {
  override readonly name: string = "UsageError";
}

/** A file could not be read, or not now: that says nothing about what is in it. */
export class ReadError extends PaletteError {
  override readonly name: string = "ReadError";
}

/** The first line of whatever was thrown, without a final full stop: to be quoted in a message. */
export function reasonOf(thrown: unknown): string {
  const text = issueOf(thrown) ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return (text.split("\n", 1)[0] ?? "").trim().replace(/\.$/, "");
}

/** Of a schema's error, whose message is a document: its first issue. */
function issueOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("issues" in thrown) || !Array.isArray(thrown.issues)) return;
  const [issue] = thrown.issues as { path?: readonly PropertyKey[]; message?: string }[];
  return issue?.message && [...(issue.path ?? []).map(String), issue.message].join(": ");
}

/** Names of files may hold anything: line ends and terminals' commands become visible. */
export function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
