/** What an evaluation takes from its platform; `node/evaluate.ts` binds it to folders. */
import type { PhotoReader, PhotoSet } from "../data/photo-reader.ts";
import type { ImageCodec, TextRasterizer } from "../image/codec.ts";
import type { ModelConfig } from "../models/config.ts";
import type { StoredModel } from "../models/model.ts";
import type { Runtime, SamplingPrecision } from "../runtime/runtime.ts";
import type { FeatureExtractors } from "./features/extract-features.ts";

/**
 * What an evaluation reads and writes, by name: `settings.json`,
 * `pictures/CONDITION/ROW/00001.png`, `seconds.json`, `seconds/SHARD.json`, `grids/CONDITION.png`,
 * `report.json`, `report.html`. In Node it is a folder.
 */
export interface EvaluationStore {
  /** Where it is, for messages. */
  readonly place: string;
  /** The bytes under a name; undefined where there are none. */
  read(name: string): Promise<Uint8Array | undefined>;
  has(name: string): Promise<boolean>;
  /** Of the names below one, `below/NUMBER.json`, the numbers in their order. */
  numbered(below: string): Promise<readonly number[]>;
  /** Writes all of the content or nothing. @throws PaletteError when it cannot be written. */
  write(name: string, content: Uint8Array | string): Promise<void>;
}

export interface EvaluationPlatform {
  readonly store: EvaluationStore;
  readonly codec: ImageCodec & TextRasterizer;
  readonly photos: PhotoReader;
  /** Runs the models. */
  readonly runtime: Runtime;
  /** The version of this package, for the report. */
  readonly version: string;
  /** Opens the feature networks; called when all pictures are made. */
  openExtractors(): Promise<FeatureExtractors>;
}

/** Where a plan's models and photos come from. */
export interface EvaluationSources {
  readonly reader: PhotoReader;
  /**
   * Models by folder or name; without names the platform's own one.
   * @throws PaletteError when one is missing or does not fit in memory.
   */
  models(names: readonly string[]): Promise<readonly EvaluationModel[]>;
  photos(folders: readonly string[]): Promise<PhotoCollection>;
  /** The files of a folder, by name; undefined where there is no such folder. */
  list(folder: string): Promise<readonly string[] | undefined>;
}

/** A model whose weights are read when it answers. */
export interface EvaluationModel extends StoredModel {
  readonly config: ModelConfig;
  /** Of its two files and, unless it is float32, of the precision. */
  readonly digest: string;
  /** Default "float32". */
  readonly precision?: SamplingPrecision;
}

/** Photos by the folders that were named. */
export interface PhotoCollection {
  /** The folders in words. */
  readonly title: string;
  /** Sorted by digest. */
  readonly sets: readonly Pick<PhotoSet, "photos" | "digest" | "leftOut">[];
}
