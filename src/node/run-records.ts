/**
 * What a run writes down as it goes: log.txt for people, and stats.jsonl, whose lines agree with
 * the checkpoint.
 */
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import { join } from "node:path";
import type { StatsLine } from "../training/platform.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { writeAtomically } from "./atomic-write.ts";
import { readIfThere } from "./regular-file.ts";

/** As "a", but a pipe that nobody reads is an error instead of a wait without end. */
const appending =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NONBLOCK ?? 0);

export class RunRecords {
  private readonly text: string;
  private readonly stats: string;

  /** @param folder the run's */
  constructor(folder: string) {
    this.text = join(folder, "log.txt");
    this.stats = join(folder, "stats.jsonl");
  }

  /** Adds a line to log.txt, with the time. The log is for people: that it fails stops nothing. */
  log(line: string): void {
    try {
      const text = `${new Date().toISOString()} ${line}\n`;
      const file = openSync(this.text, appending);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    } catch {
      // What fills the disk is met, and told, where it matters.
    }
  }

  /** Adds a line to stats.jsonl. */
  async add(line: StatsLine & Record<string, unknown>): Promise<void> {
    const { stats: path } = this;
    try {
      await appendFile(path, `${JSON.stringify(line)}\n`, { flag: appending });
    } catch (thrown) {
      throw new PaletteError(`Cannot write ${path}: ${reasonOf(thrown)}.`, { cause: thrown });
    }
  }

  /** Brings stats.jsonl to the disk: a checkpoint relies on it. */
  async sync(): Promise<void> {
    const { stats: path } = this;
    try {
      const file = await open(path, appending);
      try {
        await file.sync();
      } catch (thrown) {
        // Devices and pipes have nothing to bring to a disk.
        const { code = "" } = thrown as NodeJS.ErrnoException;
        if (!["EINVAL", "ENOTSUP"].includes(code)) throw thrown;
      } finally {
        await file.close();
      }
    } catch (thrown) {
      throw new PaletteError(`Cannot write ${path}: ${reasonOf(thrown)}.`, { cause: thrown });
    }
  }

  /**
   * Drops the lines about images after `images`, which will be seen again, and a line cut short.
   * Returns the number of images at the last line.
   */
  async rewind(images: number): Promise<number | undefined> {
    const text = (await readIfThere(this.stats)) ?? "";
    const lines = text.split("\n").slice(0, -1);
    const end = lines.findIndex((line) => !(imagesOf(line) <= images));
    const kept = end < 0 ? lines : lines.slice(0, end);
    const content = kept.map((line) => `${line}\n`).join("");
    if (content !== text) await writeAtomically(this.stats, content);
    return kept.length === 0 ? undefined : imagesOf(kept.at(-1)!);
  }
}

/** Of a line of stats.jsonl; not a number when it is damaged. */
function imagesOf(line: string): number {
  try {
    const { images } = JSON.parse(line) as { images: unknown };
    return typeof images === "number" ? images : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
