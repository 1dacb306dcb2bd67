/** The options that are given: one that is there but undefined would hide its default. */
export function definedOf<T extends object>(options: T): T {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}
