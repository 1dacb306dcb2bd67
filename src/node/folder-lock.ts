/**
 * One process a folder. The lock is a file that names its process; the lock of a process that
 * no longer lives (kill -9, power cut) is taken over. Processes of other machines cannot be seen:
 * a holder renews its lock, and one that was not renewed for minutes is nobody's.
 */
import { link, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { assertRegularFile } from "./regular-file.ts";

export const lockFile = "lock";

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /**
   * Tells the process from a later one with the same number; null where the system does not say.
   */
  started: z.string().nullable(),
});

/** A lock may be released between two looks at it so often before it counts as unreadable. */
const mostVanished = 20;

/** Milliseconds from one renewal to the next. */
const renewal = 20_000;
/** Minutes after the last renewal in which another machine's lock counts. */
const patience = 3;

type Holder = z.infer<typeof holderSchema>;

export interface Lock {
  /**
   * @throws PaletteError when another process has taken the folder over, as this one gave no sign
   * of life for minutes.
   */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/** A living process works in the folder. */
export class FolderInUse extends PaletteError {}

/**
 * @param busy what the holder is doing there, as in "is training in DIR already"
 * @throws FolderInUse when a living process holds the folder; PaletteError when its lock cannot be
 * read, or it cannot be written to.
 */
export async function lockFolder(
  folder: string,
  busy = "training",
  renewedEvery = renewal,
): Promise<Lock> {
  const path = join(folder, lockFile);
  const own = join(folder, `.${lockFile}.${process.pid}.tmp`);
  const me: Holder = { pid: process.pid, host: hostname(), started: await startOf(process.pid) };
  const content = `${JSON.stringify(me)}\n`;
  try {
    await writeFile(own, content);
    let vanished = 0;
    // A link appears with its content and fails when the name is taken, in one operation.
    while (!(await created(link(own, path)))) {
      const found = await textOf(path).catch((thrown: NodeJS.ErrnoException) => {
        // Released meanwhile; again and again only when it is a link to nothing.
        if (thrown.code !== "ENOENT" || ++vanished > mostVanished) throw unreadable(path, thrown);
      });
      if (found === undefined) continue;
      const holder = parseHolder(found);
      if (holder && (await lives(holder, path, own))) throw heldBy(folder, holder, busy);
      await discard(path, found, own, join(folder, `.${lockFile}.takeover`));
    }
  } catch (thrown) {
    if (thrown instanceof PaletteError) throw thrown;
    throw new PaletteError(`Cannot lock the folder ${folder}: ${reasonOf(thrown)}.`, {
      cause: thrown,
    });
  } finally {
    await rm(own, { force: true });
  }
  const isHeld = async () => (await readFile(path, "utf8").catch(() => undefined)) === content;
  const renewing = renew(path, content, renewedEvery);
  return {
    async assertHeld() {
      if (await isHeld()) return;
      throw new PaletteError(
        `Another process has taken ${folder} over, as this one gave no sign of life for ${patience} minutes: leave it to that one.`,
      );
    },
    async release() {
      await renewing.end();
      if (await isHeld()) await rm(path, { force: true });
    },
  };
}

/**
 * Writes the lock again and again, which renews its date by the file system's own clock. It is the
 * file that was there at first: one that took its place is left alone.
 */
function renew(path: string, content: string, every: number): { end(): Promise<void> } {
  const opening = open(path, "r+").catch(() => undefined);
  let last: Promise<unknown> = opening;
  const timer = setInterval(() => {
    last = last
      .then(async () => {
        const file = await opening;
        await file?.write(content, 0);
        await file?.datasync();
      })
      // What fails now may go the next time.
      .catch(() => {});
  }, every);
  timer.unref();
  return {
    async end() {
      clearInterval(timer);
      await last;
      await (await opening)?.close().catch(() => {});
    },
  };
}

/**
 * Removes a dead process's lock, unless another process has replaced it since it was read. Only the
 * process that has linked `guard` does so: nobody else can replace the lock meanwhile. The others
 * look again.
 */
async function discard(path: string, content: string, own: string, guard: string): Promise<void> {
  if (!(await created(link(own, guard)))) {
    const holder = parseHolder(await readFile(guard, "utf8").catch(() => ""));
    if (holder && !(await lives(holder, guard, own))) {
      throw new PaletteError(`${guard} was left by a process that was killed: delete it.`);
    }
    return sleep(5);
  }
  try {
    const found = await readFile(path, "utf8").catch(() => undefined);
    if (found === content) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

function heldBy(folder: string, { pid, host }: Holder, busy: string): FolderInUse {
  const elsewhere =
    host === hostname()
      ? ""
      : ` on ${host} (if it is gone, the folder is free ${patience} minutes later)`;
  return new FolderInUse(
    `Process ${pid}${elsewhere} is ${busy} in ${folder} already: wait for it, stop it, or choose another folder.`,
  );
}

/** What a lock says; the name may be that of a pipe, which would be waited for. */
async function textOf(path: string): Promise<string> {
  await assertRegularFile(path);
  return readFile(path, "utf8");
}

function unreadable(path: string, thrown: unknown): PaletteError {
  return new PaletteError(
    `The lock ${path} cannot be read (${reasonOf(thrown)}): delete it if nobody works in its folder, or choose another folder.`,
    { cause: thrown },
  );
}

function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    // Cut short by a power cut: nobody's.
    return undefined;
  }
}

/** @param own a file just written, by which the file system's clock is read */
async function lives({ pid, host, started }: Holder, path: string, own: string): Promise<boolean> {
  if (host !== hostname()) {
    const [renewed, now] = await Promise.all([path, own].map(dateOf));
    return renewed !== undefined && now !== undefined && now - renewed < 60_000 * patience;
  }
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = await startOf(pid);
  return started === null || now === null || started === now;
}

async function dateOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

/** When a process started, on Linux: the boot and the clock ticks since it. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const status = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything; the start is the 20th field after it.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended but was not waited for.
    return fields[0] === "Z" ? "ended" : `${boot.trim()} ${fields[19]}`;
  } catch {
    return null;
  }
}

function created(attempt: Promise<void>): Promise<boolean> {
  return attempt.then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "EEXIST") return false;
      throw thrown;
    },
  );
}
