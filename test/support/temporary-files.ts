import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

export interface TemporaryFiles {
  /** The path of a file or folder in it. */
  readonly at: (name: string) => string;
  /** Writes a file and gives its path; without a name it is a new one. */
  readonly written: (bytes: Uint8Array | string, name?: string) => Promise<string>;
}

/**
 * A folder for the tests of one file, gone when they are done.
 * @param ending of files without a name: they are 1`ending`, 2`ending`, ...
 */
export function temporaryFiles(ending: string): TemporaryFiles {
  let root: string;
  let files = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "palette-test-"));
  });
  afterAll(() => rm(root, { recursive: true }));
  const at = (name: string) => join(root, name);
  const written: TemporaryFiles["written"] = async (bytes, name = `${++files}${ending}`) => {
    await writeFile(at(name), bytes);
    return at(name);
  };
  return { at, written };
}
