/** The folder that was given: its photos are shown, and answers are saved beside them. */
import { createHash } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { lstat, open, readdir, realpath, rm } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { compareCodeUnits } from "../../data/hold-out.ts";
import { photoEndings } from "../../node/photo-folders.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import type { Folder, FolderEntry } from "../api/messages.ts";
import type { ResultFormat } from "../api/options.ts";
import { paths } from "../api/paths.ts";
import { pictureType } from "./picture-check.ts";
import { HttpProblem } from "./problem.ts";

/** Photos that are listed at most. */
const most = 10_000;

const endings: Readonly<Record<ResultFormat, string>> = {
  png: ".png",
  jpeg: ".jpg",
  webp: ".webp",
};

/**
 * Requests name a photo by an id of the list, never by a path. Links are neither followed nor
 * listed, and hidden files are not listed.
 */
export class PhotoFolder {
  private readonly root: string;
  private known = new Map<string, string>();

  private constructor(root: string) {
    this.root = root;
  }

  /** @throws PaletteError when there is no such folder */
  static async open(path: string): Promise<PhotoFolder> {
    try {
      const root = await realpath(path);
      await readdir(root);
      return new PhotoFolder(root);
    } catch (thrown) {
      throw new PaletteError(
        `${path} cannot be shown as a folder of photos (${reasonOf(thrown)}); name another folder.`,
        { cause: thrown },
      );
    }
  }

  /** What is there now, sorted by file name. */
  async list(): Promise<Folder> {
    const found: string[] = [];
    await this.collect(this.root, found);
    const known = new Map<string, string>();
    const photos: FolderEntry[] = [];
    for (const path of found) {
      const name = relative(this.root, path).split(sep).join("/");
      const id = createHash("sha256").update(name).digest("base64url").slice(0, 16);
      const entry = await lstat(path).catch(() => undefined);
      if (!entry?.isFile()) continue;
      known.set(id, path);
      photos.push({ id, name, bytes: entry.size, url: paths.folderPhoto(id) });
    }
    this.known = known;
    return { name: basename(this.root), photos };
  }

  /**
   * A photo's file, its name and its type.
   * @throws HttpProblem when it is not in the list, has become a link, or is no picture
   */
  async read(
    id: string,
    mostBytes: number,
  ): Promise<{ file: Uint8Array; name: string; type: string }> {
    const path = await this.pathOf(id);
    const file = await readPlainFile(path, mostBytes).catch((thrown) => {
      throw new HttpProblem(
        404,
        `The photo cannot be read (${reasonOf(thrown)}); list the folder again.`,
      );
    });
    const type = pictureType(file);
    if (type === undefined) {
      throw new HttpProblem(415, `${basename(path)} is not a picture that can be read.`);
    }
    return { file, name: basename(path), type };
  }

  /** A word that changes when the photo's file does. @throws HttpProblem when it is not there */
  async state(id: string): Promise<string> {
    const entry = await lstat(await this.pathOf(id)).catch(() => undefined);
    if (entry === undefined) throw gone();
    return `${entry.ino} ${entry.size} ${entry.mtimeMs}`;
  }

  /**
   * Writes an answer beside the photo, as `<photo>-<task>.png` or the next free name.
   * @returns the new file's path in the folder
   */
  async save(id: string, task: string, format: ResultFormat, content: Uint8Array): Promise<string> {
    const photo = await this.pathOf(id);
    const folder = dirname(photo);
    // A folder that was exchanged for a link since it was listed.
    if ((await realpath(folder).catch(() => undefined)) !== folder) throw gone();
    const stem = join(folder, `${basename(photo, extname(photo))}-${task}`);
    for (let n = 1; ; n++) {
      const path = `${stem}${n === 1 ? "" : `-${n}`}${endings[format]}`;
      if (await writeNew(path, content)) return relative(this.root, path).split(sep).join("/");
    }
  }

  private async pathOf(id: string): Promise<string> {
    if (!this.known.has(id)) await this.list();
    const path = this.known.get(id);
    if (path === undefined) throw gone();
    return path;
  }

  private async collect(folder: string, found: string[]): Promise<void> {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => compareCodeUnits(a.name, b.name))) {
      if (found.length >= most) return;
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await this.collect(path, found);
      else if (entry.isFile() && photoEndings.includes(extname(path).toLowerCase()))
        found.push(path);
    }
  }
}

async function readPlainFile(path: string, mostBytes: number): Promise<Uint8Array> {
  if ((await realpath(path)) !== resolve(path)) throw new Error("it is behind a link");
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const entry = await file.stat();
    if (!entry.isFile()) throw new Error("it is not a file");
    if (entry.size > mostBytes) throw new Error(`it has ${entry.size} bytes, too many`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** @returns false when there is something of that name */
async function writeNew(path: string, content: Uint8Array): Promise<boolean> {
  let made = false;
  try {
    const file = await open(path, "wx");
    made = true;
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    return true;
  } catch (thrown) {
    if (!made && (thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    // Half a file is none.
    if (made) await rm(path, { force: true });
    throw new HttpProblem(
      507,
      `The answer cannot be saved (${reasonOf(thrown)}); free some space, or save it elsewhere.`,
    );
  }
}

function gone(): HttpProblem {
  return new HttpProblem(404, "There is no such photo in the folder; list it again.");
}
