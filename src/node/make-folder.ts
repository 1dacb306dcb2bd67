/** Creates folders, and says why where that fails. */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Creates a folder and those above it.
 * @throws the system's own error; one that says so where a file is in the way.
 */
export async function makeFolder(path: string): Promise<void> {
  const failure = await failureOf(mkdir(path, { recursive: true }));
  if (failure === undefined) return;
  if (failure.code === "EEXIST" || failure.code === "ENOTDIR") {
    throw Object.assign(new Error(`${failure.path ?? path} is a file, not a folder`), {
      code: failure.code,
    });
  }
  // Of a read-only disk Node tells the second failure, which is that the folder is not there.
  throw failure.code === "ENOENT" ? ((await refusalAbove(resolve(path))) ?? failure) : failure;
}

/** Why the first missing folder on the way cannot be created; undefined when nothing refuses it. */
async function refusalAbove(path: string): Promise<NodeJS.ErrnoException | undefined> {
  const failure = await failureOf(mkdir(path));
  const above = dirname(path);
  return failure?.code === "ENOENT" && above !== path ? refusalAbove(above) : failure;
}

function failureOf(work: Promise<unknown>): Promise<NodeJS.ErrnoException | undefined> {
  return work.then(
    () => undefined,
    (thrown: NodeJS.ErrnoException) => thrown,
  );
}
