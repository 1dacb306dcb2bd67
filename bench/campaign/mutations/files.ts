/** What lies where a file is expected: folders, pipes, links, and names that nobody likes. */
import { execFileSync, spawn } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Random } from "../../../src/util/random.ts";

/** How an odd file is to be met: by a refusal, or as the good file that it leads to. */
export interface OddFile {
  readonly how: string;
  readonly good: boolean;
}

const kinds = [
  ...["folder", "full folder", "pipe", "socket", "missing", "dangling link", "loop"],
  ...["link", "endless", "null", "below a file"],
] as const;

/**
 * Puts something odd at `path`; `good` is a file that would have been right there.
 * @returns what it is; its path, where that is another
 */
export async function placeOddFile(
  path: string,
  good: string,
  random: Random,
): Promise<OddFile & { readonly path: string }> {
  const kind = random.pick(kinds);
  const odd = (how: string, at = path) => ({ path: at, how, good: false });
  switch (kind) {
    case "folder":
      await mkdir(path);
      return odd("a folder");
    case "full folder":
      await mkdir(path);
      await writeFile(join(path, "readme.txt"), "no picture");
      return odd("a folder with a text in it");
    case "pipe":
      execFileSync("mkfifo", [path]);
      // A pipe is read to its end, as `<(...)` of a shell is; it waits for its writer.
      spawn("timeout", ["60", "sh", "-c", 'echo no picture > "$1"', "sh", path], {
        stdio: "ignore",
      }).unref();
      return odd("a named pipe with a line in it");
    case "socket":
      await new Promise<void>((resolve) => {
        const server = createServer().listen(path, () => {
          server.unref();
          resolve();
        });
      });
      return odd("a socket");
    case "missing":
      return odd("nothing");
    case "dangling link":
      await symlink(`${path}-gone`, path);
      return odd("a link to nothing");
    case "loop":
      await symlink(path, path);
      return odd("a link to itself");
    case "link":
      await symlink(good, path);
      return { path, how: "a link to a good file", good: true };
    case "endless":
      await symlink("/dev/zero", path);
      return odd("a link to /dev/zero");
    case "null":
      await symlink("/dev/null", path);
      return odd("a link to /dev/null");
    case "below a file":
      await writeFile(path, "a file");
      return odd("a path below a file", join(path, "x.png"));
  }
}

const stems = [
  ...["a b", "line\nbreak", "-dash", "--model", "\u{1f3de}\ufe0f", "e\u0301", "\u001b[31mred"],
  ...["quote'\"", "100%", "$HOME", "a\\b", "*", "[x]", ".hidden", "x".repeat(200), "\u202egnp"],
] as const;

/** A file name without its ending: mostly a plain one. */
export function fileStem(random: Random): string {
  return random.uniform() < 0.85 ? "given" : random.pick(stems);
}
