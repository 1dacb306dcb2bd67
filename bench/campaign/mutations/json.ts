/** Damage to JSON: to its values, and to its text. */
import type { Random } from "../../../src/util/random.ts";

/** A text that was changed, and how. */
export interface MutatedText {
  readonly text: string;
  readonly how: string;
}

/** What stands where something else belongs; texts that JSON does not have stand for themselves. */
const strange: readonly string[] = [
  ...["null", "true", "[]", "{}", '""', "0", "-1", "0.5", "-0", "1", "2", "3", "7", "1024"],
  ...["1e308", "-1e308", "1e-320", "1e999", "9007199254740993", "2147483648", "4294967296"],
  ...["NaN", "Infinity", "undefined", '"NaN"', '"1"', '"\\u0000"', '"../../etc/passwd"'],
  ...['"\\ud800"', '"\u{1f3de}\ufe0f"', '"line\\nline"', '"\\u001b[31m"', '["a","a"]', "[[[[1]]]]"],
  ...['{"__proto__":{"x":1}}', '{"constructor":null}', "[null]", "[1e9]", "[0]", "[-1]"],
];

/** Keys that JavaScript's objects have anyway, and others that nobody expects. */
const keys = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "extra", "a.b", "\n"];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Changes a value somewhere in the document, or its text. */
export function mutateJson(text: string, random: Random): MutatedText {
  return random.uniform() < 0.75 ? mutateValues(text, random) : mutateText(text, random);
}

function mutateValues(text: string, random: Random): MutatedText {
  const root = JSON.parse(text) as Json;
  const said: string[] = [];
  // A placeholder is written into the tree and replaced in its text by what may be no JSON.
  const written: [string, string][] = [];
  const count = random.pick([1, 1, 1, 2, 3]);
  let changed = root;
  for (let k = 0; k < count; k++) {
    const mark = `@campaign ${k}@`;
    const value = random.uniform() < 0.05 ? deep(random) : random.pick(strange);
    written.push([JSON.stringify(mark), value]);
    changed = change(changed, mark, random, said, value);
  }
  const result = written.reduce(
    (sum, [mark, value]) => sum.replaceAll(mark, () => value),
    JSON.stringify(changed),
  );
  return { text: result, how: said.join(", ") };
}

function change(root: Json, mark: string, random: Random, said: string[], value: string): Json {
  const shown = value.length > 40 ? `${value.slice(0, 40)}...` : value;
  const path: string[] = [];
  let at = root;
  let parent: { [key: string]: Json } | Json[] | undefined;
  while (at !== null && typeof at === "object" && Object.keys(at).length > 0) {
    if (path.length > 0 && random.uniform() < 0.2) break;
    const key = random.pick(Object.keys(at));
    parent = at;
    path.push(key);
    at = Array.isArray(at) ? (at[Number(key)] ?? null) : (at[key] ?? null);
  }
  const name = path.join(".");
  const last = path.at(-1);
  if (parent === undefined || last === undefined) {
    said.push(`${shown} instead of the whole`);
    return mark;
  }
  const kind = random.uniform();
  if (Array.isArray(parent)) {
    const index = Number(last);
    if (kind < 0.15) parent.splice(index, 1);
    else if (kind < 0.3) parent.push(...parent);
    else parent[index] = mark;
    said.push(`list ${name}: ${kind < 0.15 ? "shorter" : kind < 0.3 ? "twice" : shown}`);
  } else if (kind < 0.2) {
    delete parent[last];
    said.push(`no ${name}`);
  } else if (kind < 0.3) {
    const key = random.pick(keys);
    Object.defineProperty(parent, key, {
      value: mark,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    said.push(`${JSON.stringify(key)} beside ${name}: ${shown}`);
  } else if (kind < 0.4) {
    const other = random.pick(Object.keys(parent));
    [parent[last], parent[other]] = [parent[other] ?? null, parent[last] ?? null];
    said.push(`${name} and ${other} swapped`);
  } else {
    parent[last] = mark;
    said.push(`${name}: ${shown}`);
  }
  return root;
}

function deep(random: Random): string {
  const depth = random.pick([100, 10_000, 200_000]);
  return random.uniform() < 0.5
    ? "[".repeat(depth) + "]".repeat(depth)
    : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}

function mutateText(text: string, random: Random): MutatedText {
  const at = random.integer(0, text.length);
  const texts: readonly MutatedText[] = [
    { text: text.slice(0, at), how: `cut to ${at} characters` },
    { text: "", how: "empty" },
    { text: "null", how: "null" },
    { text: "[]", how: "a list" },
    { text: `\ufeff${text}`, how: "byte order mark" },
    { text: `// ours\n${text}`, how: "a comment" },
    { text: text + text, how: "twice" },
    { text: text.replaceAll('"', "'"), how: "single quotes" },
    { text: text.replaceAll("}", ",}"), how: "trailing commas" },
    { text: deep(random), how: "deep" },
    { text: `${text.slice(0, at)}\0${text.slice(at)}`, how: `NUL at ${at}` },
    { text: [...text].join("\0"), how: "UTF-16" },
    { text: `"${"x".repeat(3_000_000)}"`, how: "a text of 3 MB" },
    { text: `[${"0,".repeat(1_000_000)}0]`, how: "a list of a million" },
  ];
  return random.pick(texts);
}
