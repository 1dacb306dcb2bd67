/**
 * What the site may load and whom it may ask (Content Security Policy). The page's own is a meta
 * tag, which cannot change; the worker that fetches models gets its policy, with the sites that the
 * user named, from the service worker.
 */

/** @param origins of models that the user named */
export function policyFor(origins: readonly string[] = []): string {
  return [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "img-src 'self' blob: data:",
    ["connect-src 'self'", ...origins].join(" "),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The cache and the entry in which the origins are kept. */
export const originsEntry = { cache: "palette-origins", key: "origins.json" } as const;
