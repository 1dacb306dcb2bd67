/**
 * Tar shards as they are named: files, patterns such as `train-{000..009}.tar`, and what a shell
 * made of one. Tars of one series, whose names differ in digits alone, are one set of photos.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { group } from "d3-array";
import picomatch from "picomatch";
import { compareCodeUnits } from "../data/hold-out.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { compressed } from "./tar-index.ts";

/** Shards that belong together. */
export interface TarSeries {
  /** "shards/train-{000..009}.tar", or the path of the only one. */
  readonly name: string;
  /** In their order. */
  readonly tars: readonly string[];
  /** As they were named: one pattern, or each by itself. */
  readonly named: readonly string[];
}

export const isTar = (name: string) => /\.tar$/i.test(name);
export const isCompressedTar = (name: string) => /\.(tar\.\w+|tgz|tbz2?|txz)$/i.test(name);

/** Tars are told from folders by their names: a folder may be called so, too. */
export async function splitNames(
  names: readonly string[],
): Promise<{ readonly folders: readonly string[]; readonly series: readonly TarSeries[] }> {
  const folders: string[] = [];
  const tars = new Map<string, string>();
  for (const name of new Set(names)) {
    const entry = await stat(name).catch(() => undefined);
    if (entry?.isFile() && isCompressedTar(name)) throw compressed(name);
    if (!isTar(name) || entry?.isDirectory()) folders.push(name);
    else for (const tar of entry ? [name] : await matching(name)) tars.set(tar, name);
  }
  return { folders, series: seriesOf(tars) };
}

/** @param tars each with the name that gave it */
function seriesOf(tars: ReadonlyMap<string, string>): TarSeries[] {
  return [...group(tars.keys(), (tar) => tar.replace(/\d+/g, "#")).values()].map((some) => {
    const sorted = [...some].sort(compareCodeUnits);
    const named = new Set(sorted.flatMap((tar) => tars.get(tar) ?? []));
    return { name: nameOf(sorted), tars: sorted, named: [...named] };
  });
}

/** "train-{000..009}.tar" of tars in their order; the path of a single one. */
function nameOf(tars: readonly string[]): string {
  const first = tars[0] ?? "";
  const last = tars.at(-1) ?? first;
  const [ends, numbers] = [last.split(/(\d+)/), first.split(/(\d+)/)];
  return numbers
    .map((part, k) => (part === ends[k] ? part : `{${part}..${ends[k] ?? ""}}`))
    .join("");
}

/**
 * The tars that a pattern means.
 * @throws PaletteError when it means none, UsageError when it cannot be a pattern.
 */
async function matching(pattern: string): Promise<string[]> {
  if (/^[a-z][a-z+.-]+:/i.test(pattern)) {
    throw new UsageError(`${pattern} is an address: copy the shards to this machine first.`);
  }
  const found: string[] = [];
  for (const one of expandRanges(pattern)) {
    const { base, glob, isGlob } = picomatch.scan(one);
    if (!isGlob) found.push(one);
    else {
      const recursive = glob.includes("/");
      const entries = await readdir(base || ".", { recursive }).catch((): string[] => []);
      const matches = picomatch(glob);
      found.push(...entries.filter((name) => matches(name)).map((name) => join(base, name)));
    }
  }
  if (found.length === 0) throw new PaletteError(`No tar file matches ${pattern}.`);
  return found;
}

/** Ranges that a shell would expand, at most: a slip of the pen must not fill the memory. */
const mostInRange = 1_000_000;

/** "a-{00..02}.tar" as "a-00.tar", "a-01.tar", "a-02.tar"; other braces and globs stay. */
function expandRanges(pattern: string): string[] {
  const [whole, from = "", to = ""] = /\{(\d+)\.\.(\d+)\}/.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  const [first, last] = [Number(from), Number(to)];
  if (!(first <= last && last - first < mostInRange)) {
    throw new UsageError(`Cannot read the range ${whole} of ${pattern}: write {000..009}.`);
  }
  const width = from.length === to.length ? from.length : 0;
  return Array.from({ length: last - first + 1 }, (_, k) => first + k).flatMap((number) =>
    expandRanges(pattern.replace(whole, String(number).padStart(width, "0"))),
  );
}
