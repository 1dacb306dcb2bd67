/** A folder of photos that whoever serves the page offers: what the page asks of it. */
import type { RestoredImage } from "./restorer.ts";

export interface FolderPhoto {
  readonly id: string;
  readonly name: string;
  /** Address of a small picture of it. */
  readonly thumbnail: string;
}

export interface PhotoFolder {
  readonly name: string;
  readonly photos: readonly FolderPhoto[];
  open(photo: FolderPhoto): Promise<Blob>;
  /** Saves an answer beside the photo it was made from; returns the new file's name. */
  save(
    image: RestoredImage,
    beside: FolderPhoto,
    options: Parameters<RestoredImage["save"]>[0],
  ): Promise<string>;
}
