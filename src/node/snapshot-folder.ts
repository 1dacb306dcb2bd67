/**
 * Snapshots of a run's power-function averages: averages/NNNNNN.safetensors, one after so many
 * images, in half precision.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { SafetensorsReader } from "../models/safetensors-reader.ts";
import type { Snapshot, SnapshotStore } from "../training/platform.ts";
import { powerAverages } from "../training/step/optimizer.ts";
import { PaletteError, reasonOf } from "../util/errors.ts";
import { makeFolder } from "./make-folder.ts";
import { openSafetensors, writeSafetensors } from "./safetensors-file.ts";

const metadataSchema = z.object({
  format: z.literal("palette averages 1"),
  images: z.coerce.number().pipe(z.int().positive()),
  began: z.coerce.number().pipe(z.int().min(0)),
});

const ending = ".safetensors";

export class SnapshotFolder implements SnapshotStore {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async write({ images, began, length, read }: Snapshot): Promise<void> {
    await makeFolder(this.path).catch((thrown) => {
      throw new PaletteError(`Cannot create the folder ${this.path}: ${reasonOf(thrown)}.`, {
        cause: thrown,
      });
    });
    const tensors = powerAverages.map((name) => ({
      name,
      shape: [length],
      data: () => read(name),
    }));
    const metadata: Record<keyof z.infer<typeof metadataSchema>, string> = {
      format: "palette averages 1",
      images: String(images),
      began: String(began),
    };
    await writeSafetensors(this.file(images), tensors, { dtype: "F16", metadata });
  }

  async retain(keep: (images: number) => boolean): Promise<void> {
    for (const images of await this.list())
      if (!keep(images)) await rm(this.file(images), { force: true });
  }

  /** After how many images there are snapshots, the earliest first. */
  async list(): Promise<number[]> {
    const found = await readdir(this.path).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "ENOENT") return [];
      throw new PaletteError(`${this.path} cannot be read: ${reasonOf(thrown)}.`, {
        cause: thrown,
      });
    });
    return found
      .filter((name) => /^\d+\.safetensors$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  }

  /**
   * Opens a snapshot. Undefined where it is not of the averages that began at so many images.
   * @throws PaletteError when it cannot be read.
   */
  async open(images: number, began: number): Promise<SafetensorsReader | undefined> {
    const path = this.file(images);
    const file = await openSafetensors(path).catch((thrown) => {
      if (thrown instanceof PaletteError) throw thrown;
      throw new PaletteError(`${path} cannot be read: ${reasonOf(thrown)}; try again.`, {
        cause: thrown,
      });
    });
    const { data } = metadataSchema.safeParse(file.metadata);
    if (data?.images === images && data.began === began) return file;
    await file.close();
    return undefined;
  }

  private file(images: number): string {
    return join(this.path, `${String(images).padStart(6, "0")}${ending}`);
  }
}
