/** Values in messages. */

/** A value as a message quotes it: a word in quotes, a number, or what kind of thing it is. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value === null || ["number", "boolean", "bigint", "undefined"].includes(typeof value)) {
    return String(value);
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return name === undefined || name === "Object" ? "an object" : `a ${name}`;
}
