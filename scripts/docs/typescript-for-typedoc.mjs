/**
 * TypeDoc asks for "typescript" and needs the compiler's JavaScript API, which TypeScript 7 has not.
 * This preload gives it TypeScript 5 instead: `node --import ./scripts/docs/typescript-for-typedoc.mjs`.
 */
import { register } from "node:module";

const hooks = `export function resolve(specifier, context, next) {
  return next(specifier === "typescript" ? "typescript-for-typedoc" : specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
