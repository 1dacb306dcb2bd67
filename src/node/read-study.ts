/** A study's file: YAML, or a program whose default export is the same. */
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { parseStudy, type Study, type StudySource } from "../experiment/study-file.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";

const programs = [".ts", ".mts", ".js", ".mjs"];

/**
 * @param small whether its small form is wanted
 * @throws PaletteError naming the file, the line and the setting that is wrong
 */
export async function readStudy(file: string, small = false): Promise<Study> {
  const source = programs.includes(extname(file)) ? await program(file) : await yaml(file);
  return parseStudy(source, small);
}

async function program(file: string): Promise<StudySource> {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    return { file, value: module.default };
  } catch (thrown) {
    throw new PaletteError(`${file} cannot be loaded: ${reasonOf(thrown)}.`, { cause: thrown });
  }
}

async function yaml(file: string): Promise<StudySource> {
  const text = await readFile(file, "utf8").catch((thrown) => {
    throw new PaletteError(`${file} cannot be read: ${reasonOf(thrown)}.`, { cause: thrown });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new PaletteError(`${file}, line ${line}: ${reasonOf(error)}.`);
  }
  const lineAt = (range: readonly number[] | null | undefined) =>
    range ? lines.linePos(range[0]!).line : undefined;
  const lineOf = (path: readonly PropertyKey[]) => {
    let node: unknown = document.contents;
    let line: number | undefined;
    for (const name of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
        if (pair === undefined || !isScalar(pair.key)) return undefined;
        line = lineAt(pair.key.range);
        node = pair.value;
      } else if (isSeq(node) && typeof name === "number") {
        const item = node.items[name];
        if (typeof item !== "object" || item === null || !("range" in item)) return undefined;
        line = lineAt(item.range as readonly number[]);
        node = item;
      } else return undefined;
    }
    return line;
  };
  return { file, value: document.toJS(), lineOf };
}
