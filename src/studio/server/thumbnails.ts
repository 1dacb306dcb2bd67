/** Small pictures of the folder's photos, made once and kept within bounds. */
import { sharp } from "../../node/sharp.ts";
import { reasonOf } from "../../util/errors.ts";
import type { PhotoFolder } from "./photo-folder.ts";
import { checkPicture } from "./picture-check.ts";
import { HttpProblem } from "./problem.ts";

/** Of all that are kept. */
const mostBytes = 32 * 2 ** 20;
const quality = 80;
/** Height by width of a small picture at most: a scroll stays small, too. */
const tallest = 4;

export class Thumbnails {
  private readonly folder: PhotoFolder;
  private readonly limits: { readonly uploadBytes: number; readonly pixels: number };
  private readonly most: number;
  /** By photo, its state and width; the one that was asked for last is the last. */
  private readonly kept = new Map<string, Uint8Array>();
  private bytes = 0;
  /** One is made at a time. */
  private last: Promise<unknown> = Promise.resolve();

  /** @param most bytes that are kept */
  constructor(folder: PhotoFolder, limits: Thumbnails["limits"], most = mostBytes) {
    this.folder = folder;
    this.limits = limits;
    this.most = most;
  }

  /** Bytes that are kept. */
  get size(): number {
    return this.bytes;
  }

  /**
   * A photo as WebP, upright, at most `width` pixels wide.
   * @throws HttpProblem when there is no such photo, or it cannot be decoded
   */
  async of(id: string, width: number): Promise<Uint8Array> {
    // A photo that has changed is another one.
    const key = `${id} ${width} ${await this.folder.state(id)}`;
    const turn = this.last.then(() => this.kept.get(key) ?? this.make(id, width));
    this.last = turn.catch(() => undefined);
    const file = await turn;
    this.keep(key, file);
    return file;
  }

  private async make(id: string, width: number): Promise<Uint8Array> {
    const { file, name } = await this.folder.read(id, this.limits.uploadBytes);
    await checkPicture(file, name, this.limits.pixels);
    try {
      return await sharp(file, { failOn: "none", limitInputPixels: false })
        .autoOrient()
        .resize({ width, height: tallest * width, fit: "inside", withoutEnlargement: true })
        .webp({ quality })
        .toBuffer();
    } catch (thrown) {
      throw new HttpProblem(
        422,
        `${name} cannot be decoded (${reasonOf(thrown)}); save the photo anew.`,
      );
    }
  }

  private keep(key: string, file: Uint8Array): void {
    if (this.kept.delete(key)) this.bytes -= file.length;
    this.kept.set(key, file);
    this.bytes += file.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.bytes <= this.most) break;
      this.kept.delete(oldest);
      this.bytes -= length;
    }
  }
}
