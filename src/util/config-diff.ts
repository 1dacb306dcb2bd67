/** In what two sets of settings differ, for whoever continues a thing with other settings. */

/**
 * The settings that differ, as "name: old -> new" with dotted names; empty when they are the same.
 * Lists are compared as a whole.
 */
export function configDiff(old: object, now: object): string[] {
  const before = new Map(settingsOf(old, ""));
  const after = new Map(settingsOf(now, ""));
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name}: ${before.get(name) ?? "none"} -> ${after.get(name) ?? "none"}`);
}

function settingsOf(value: unknown, name: string): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      settingsOf(inner, name === "" ? key : `${name}.${key}`),
    );
  }
  return [[name, Array.isArray(value) ? value.join(",") : String(value ?? "none")]];
}
